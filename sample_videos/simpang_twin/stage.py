"""The only file that touches Panda3D: offscreen passes over the same bodies (colour, cast shadow, identity, mirror).

Needs Mesa's llvmpipe (or any OpenGL 3.2 through EGL); no window system. One Stage per process.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from panda3d import core

from simpang_twin import light, shaders
from simpang_twin.camera import Pinhole
from simpang_twin.errors import RenderError
from simpang_twin.mesh import F32
from simpang_twin.network import F64

U8 = npt.NDArray[np.uint8]

core.loadPrcFileData(
    "",
    """
    load-display p3headlessgl
    window-type offscreen
    audio-library-name null
    notify-level-display error
    notify-level-device fatal
    notify-level-egldisplay fatal
    sync-video false
    """,
)


@dataclass(frozen=True)
class Layers:
    """One drawn frame. colour (H, W, 4) float32 BGR 0–255 times cover, and cover 0–1; shadow (H, W) uint8 0/255;
    code (H, W) int32: 1 + index of the visible body, 0 for none; mirror: the bodies standing on their heads below the
    road, as `colour`, or None where the road is dry."""

    colour: F32
    shadow: U8
    code: npt.NDArray[np.int32]
    mirror: F32 | None = None


@dataclass(frozen=True)
class Placed:
    """A body in the picture: its model's node, position of its middle on the ground, heading, how bright its head and
    tail lamps shine (0 off to 1), the street lamps that light it, (K, 4): place (m) and strength, and the metres its
    wheels have rolled."""

    node: Any
    x_m: float
    y_m: float
    heading_deg: float
    head: float = 0.0
    tail: float = 0.0
    lit_by: F64 = field(default_factory=lambda: np.zeros((0, 4)))
    way_m: float = 0.0


class _Pass:
    """One offscreen buffer with its own camera and, where given, its own shader."""

    def __init__(self, name: str, size: tuple[int, int], host: Any, root: Any, lens: Any, shader: Any) -> None:
        engine = core.GraphicsEngine.get_global_ptr()
        wanted = core.FrameBufferProperties()
        wanted.set_rgba_bits(8, 8, 8, 8)
        wanted.set_depth_bits(24)
        pipe = host.get_pipe() if host else core.GraphicsPipeSelection.get_global_ptr().make_default_pipe()
        if pipe is None:
            raise RenderError("no OpenGL through EGL: install Mesa (Debian: libegl1 libgl1-mesa-dri)")
        self.buffer = engine.make_output(
            pipe, name, 0, wanted, core.WindowProperties(size=size), core.GraphicsPipe.BF_refuse_window,
            host.get_gsg() if host else None, host,
        )  # fmt: skip
        if self.buffer is None:
            raise RenderError(f"the offscreen buffer of {size[0]}x{size[1]} px could not be opened")
        self.texture = core.Texture(name)
        self.buffer.add_render_texture(self.texture, core.GraphicsOutput.RTM_copy_ram)
        self.buffer.set_clear_color((0, 0, 0, 0))
        node = core.Camera(name, lens)
        if shader is not None:
            holder = core.NodePath("state")
            holder.set_shader(shader, 100)
            node.set_initial_state(holder.get_state())
        self.buffer.make_display_region().set_camera(root.attach_new_node(node))

    def pixels(self) -> U8:
        """The buffer, (H, W, 4) uint8 BGRA, top row first."""
        t = self.texture
        flat = np.frombuffer(t.get_ram_image(), dtype=np.uint8)
        return flat.reshape(t.get_y_size(), t.get_x_size(), 4)[::-1]


class Stage:
    """Draws placed bodies as a camera sees them. `supersample` is the colour pass's size over the picture's."""

    def __init__(self, camera: Pinhole, scene: light.Air, supersample: int = 2) -> None:
        self._size = (camera.width_px, camera.height_px)
        self.root = core.NodePath("world")
        self.root.set_two_sided(True)
        self._bodies = self.root.attach_new_node("bodies")
        self.root.set_shader(_shader(shaders.LIT_VERTEX, shaders.LIT_FRAGMENT))
        self._light(scene)
        self._view, self._lens = self.root.attach_new_node("view"), core.PerspectiveLens()
        self.aim(camera)
        self._colour = self._pass("colour", supersample, None)
        self._shadow = self._pass("shadow", 1, _shader(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT))
        self._code = self._pass("code", 1, _shader(shaders.CODE_VERTEX, shaders.CODE_FRAGMENT))
        mirror = _shader(shaders.MIRROR_VERTEX, shaders.LIT_FRAGMENT)
        self._mirror = self._pass("mirror", 1, mirror) if scene.wet > 0 else None

    def _pass(self, name: str, scale: int, shader: Any) -> _Pass:
        host = None if name == "colour" else self._colour.buffer
        size = (self._size[0] * scale, self._size[1] * scale)
        return _Pass(name, size, host, self._view, self._lens, shader)

    def _light(self, scene: light.Air) -> None:
        colours = {"sun_colour": scene.sun, "sky_colour": scene.sky, "ground_colour": scene.bounce,
                   "haze_colour": scene.haze, "sun": scene.to_sun, "lamp_colour": light.LAMP_COLOUR}  # fmt: skip
        for name, value in colours.items():
            self.root.set_shader_input(name, core.Vec3(*map(float, value)))
        self.root.set_shader_input("haze_m", scene.haze_m)
        self.root.set_shader_input("unlit", scene.unlit)
        for name in ("code", "own_lamps"):
            self.root.set_shader_input(name, core.Vec4(0, 0, 0, 0))
        self.root.set_shader_input("lamps_at", _lamps(np.zeros((0, 4))))

    def aim(self, camera: Pinhole) -> None:
        """Look as this camera does from now on (same picture size)."""
        rows = [camera.right, camera.forward, camera.up]
        m = [float(v) for row in rows for v in (*row, 0.0)] + [*map(float, camera.position_m), 1.0]
        self._view.set_mat(core.LMatrix4f(*m))
        self._lens.set_film_size(camera.width_px, camera.height_px)
        self._lens.set_focal_length(camera.focal_px)
        self._lens.set_near_far(2.0, 1500.0)
        self.root.set_shader_input("eye", core.Vec3(*map(float, camera.position_m)))

    def body(self, vertices: F32) -> Any:
        """A model node from mesh vertices (M, 10); instance it by `Placed`."""
        return core.NodePath(geom_node(vertices))

    def draw(self, bodies: list[Placed]) -> Layers:
        """Draw the bodies once in all passes."""
        self._bodies.node().remove_all_children()
        for i, placed in enumerate(bodies):
            holder = self._bodies.attach_new_node("body")
            placed.node.instance_to(holder)
            holder.set_pos_hpr(placed.x_m, placed.y_m, 0.0, -placed.heading_deg, 0.0, 0.0)
            low, high = (i + 1) % 256, (i + 1) // 256
            holder.set_shader_input("code", core.Vec4(low / 255.0, high / 255.0, 0.0, 1.0))
            holder.set_shader_input("own_lamps", core.Vec4(placed.head, placed.tail, placed.way_m, 0.0))
            if len(placed.lit_by):
                holder.set_shader_input("lamps_at", _lamps(placed.lit_by))
        core.GraphicsEngine.get_global_ptr().render_frame()
        return self._layers()

    def _layers(self) -> Layers:
        code = self._code.pixels()
        ids = code[..., 2].astype(np.int32) + 256 * code[..., 1].astype(np.int32)
        mirror = _cover(self._mirror.pixels(), self._size) if self._mirror else None
        return Layers(_cover(self._colour.pixels(), self._size), self._shadow.pixels()[..., 0].copy(), ids, mirror)

    def close(self) -> None:
        """Close the buffers so that another Stage can be made in this process."""
        engine = core.GraphicsEngine.get_global_ptr()
        for one in (self._mirror, self._code, self._shadow, self._colour):
            if one:
                engine.remove_window(one.buffer)


def _shader(vertex: str, fragment: str) -> Any:
    return core.Shader.make(core.Shader.SL_GLSL, vertex, fragment)


def _lamps(lit_by: F64) -> Any:
    """The shader's array of street lamps; missing ones have no strength."""
    rows = core.PTA_LVecBase4f.empty_array(shaders.LAMPS)
    for i in range(shaders.LAMPS):
        rows.set_element(i, core.LVecBase4f(*(map(float, lit_by[i]) if i < len(lit_by) else (0.0, 0.0, 9.0, 0.0))))
    return rows


def _cover(pixels: U8, size: tuple[int, int]) -> F32:
    """A drawn pass at the picture's size: BGR 0–255 times cover, and cover 0–1."""
    raw = np.ascontiguousarray(pixels)
    small = raw if raw.shape[1::-1] == size else cv2.resize(raw, size, interpolation=cv2.INTER_AREA)
    out: F32 = small.astype(np.float32)
    out[..., 3] /= 255.0
    return out


def geom_node(vertices: F32) -> Any:
    """A Panda3D node from vertices (M, 10): position, normal, colour and surface code."""
    array = core.GeomVertexArrayFormat()
    array.add_column("vertex", 3, core.Geom.NT_float32, core.Geom.C_point)
    array.add_column("normal", 3, core.Geom.NT_float32, core.Geom.C_normal)
    array.add_column("color", 4, core.Geom.NT_float32, core.Geom.C_color)
    layout = core.GeomVertexFormat()
    layout.add_array(array)
    data = core.GeomVertexData("mesh", core.GeomVertexFormat.register_format(layout), core.Geom.UH_static)
    data.unclean_set_num_rows(len(vertices))
    handle = data.modify_array(0).modify_handle()
    handle.copy_data_from(np.ascontiguousarray(vertices, dtype=np.float32).tobytes())
    triangles = core.GeomTriangles(core.Geom.UH_static)
    triangles.add_next_vertices(len(vertices))
    geom = core.Geom(data)
    geom.add_primitive(triangles)
    node = core.GeomNode("mesh")
    node.add_geom(geom)
    return node
