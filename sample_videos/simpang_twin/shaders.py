"""The GLSL programs of the renderer: lit vehicles, cast shadows, identity codes, the mirror image in a wet road."""

# How many street lamps light one body (the nearest ones).
LAMPS = 3

LIT_VERTEX = """
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix;
uniform mat4 p3d_ModelMatrix;
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec4 p3d_Color;
out vec3 at;
out vec3 own;
out vec3 normal;
out vec4 paint;
void main() {
    own = p3d_Vertex.xyz;
    gl_Position = p3d_ModelViewProjectionMatrix * p3d_Vertex;
    at = (p3d_ModelMatrix * p3d_Vertex).xyz;
    normal = mat3(p3d_ModelMatrix) * p3d_Normal;
    paint = p3d_Color;
}
"""

# The mirror image: the body stands on its head below the road, lit as it is above.
MIRROR_VERTEX = """
#version 150
uniform mat4 p3d_ModelMatrix;
uniform mat4 p3d_ViewMatrix;
uniform mat4 p3d_ProjectionMatrix;
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec4 p3d_Color;
out vec3 at;
out vec3 own;
out vec3 normal;
out vec4 paint;
void main() {
    own = p3d_Vertex.xyz;
    vec4 world = p3d_ModelMatrix * p3d_Vertex;
    at = world.xyz;
    normal = mat3(p3d_ModelMatrix) * p3d_Normal;
    paint = p3d_Color;
    world.z = -world.z;
    gl_Position = p3d_ProjectionMatrix * (p3d_ViewMatrix * world);
}
"""

# Surfaces by the colour's alpha: 1 matte, 0.75 paint, 0.5 glass, 0.35 wheel, 0.25 lamp, 0.20 head, 0.15 tail (mesh.py).
# own_lamps: how bright head and tail lamps shine, metres driven.
LIT_FRAGMENT = """
#version 150
const int LAMPS = LAMP_COUNT;
uniform vec4 lamps_at[LAMPS];
uniform vec3 lamp_colour;
uniform vec4 own_lamps;
uniform float unlit;
uniform vec3 eye;
uniform vec3 sun;
uniform vec3 sun_colour;
uniform vec3 sky_colour;
uniform vec3 ground_colour;
uniform vec3 haze_colour;
uniform float haze_m;
in vec3 at;
in vec3 own;
in vec3 normal;
in vec4 paint;
out vec4 colour;

// Tyre, rim and spokes on a wheel's disc: paint.rg is the place on it, paint.b the kind of rim plus its radius in
// metres (0 alloy, 1 steel with round holes, 2 slim spokes); own_lamps.z metres driven.
vec3 wheel() {
    vec2 place = paint.rg * 2.0 - 1.0;
    float kind = floor(paint.b), radius = paint.b - kind, reach = length(place);
    float turn = atan(place.y, place.x) + own_lamps.z / radius;
    float rim = kind > 1.5 ? 0.74 : 0.68;
    if (reach > rim) return vec3(0.014) + 0.03 * smoothstep(rim + 0.07, rim, reach);
    if (reach > rim - 0.09 || reach < 0.17) return vec3(0.42);
    if (kind > 0.5 && kind < 1.5) {
        float hole = smoothstep(0.55, 0.75, cos(8.0 * turn)) * step(0.28, reach) * step(reach, 0.5);
        return mix(vec3(0.30), vec3(0.02), hole);
    }
    float spoke = smoothstep(-0.15, 0.35, cos(5.0 * turn) + (kind > 1.5 ? 0.0 : 0.35) - 0.5 * reach);
    return mix(vec3(0.025), vec3(kind > 1.5 ? 0.28 : 0.38), spoke);
}

// Folds and wear, 1 on average, in the body's own frame so that they move with it.
float grain(vec3 p) {
    vec3 q = p * 17.0 + 2.1 * sin(p.zxy * 9.0);
    return 1.0 + 0.16 * sin(q.x) * sin(q.y + 1.3) * sin(q.z + 0.7) + 0.07 * sin(3.1 * q.z + 2.0 * q.x);
}

void main() {
    vec3 view = normalize(eye - at);
    vec3 n = normalize(normal);
    if (dot(n, view) < 0.0) n = -n;
    vec3 base = paint.rgb;
    float surface = paint.a;
    if (abs(surface - 0.35) < 0.03) base = wheel();
    float gloss = surface > 0.9 ? 0.0 : (surface > 0.6 ? 0.8 : (surface > 0.4 ? 1.0 : 0.2));
    float near_ground = mix(0.35, 1.0, smoothstep(0.0, 0.8, at.z));
    if (surface > 0.9) base *= grain(own);
    if (surface > 0.6 && surface < 0.9) base = mix(vec3(0.16, 0.14, 0.11), base, 0.82 + 0.18 * near_ground);
    float upness = 0.5 + 0.5 * n.z;
    vec3 ambient = mix(ground_colour, sky_colour, upness) * near_ground;
    ambient += 0.35 * haze_colour * (1.0 - n.z * n.z) * near_ground;
    vec3 lit = base * (ambient + sun_colour * max(dot(n, sun), 0.0));
    for (int i = 0; i < LAMPS; i++) {
        vec3 way = lamps_at[i].xyz - at;
        float r2 = max(dot(way, way), 1.0);
        vec3 ray = way * inversesqrt(r2);
        float strength = lamps_at[i].w * max(ray.z, 0.0) / r2;
        float facing = max(0.85 * dot(n, ray) + 0.15, 0.0);
        float shine = gloss * pow(max(dot(reflect(-view, n), ray), 0.0), 40.0) * 2.0;
        lit += lamp_colour * strength * (base * facing * mix(0.5, 1.0, near_ground) + shine);
    }
    if (surface < 0.3) lit = base * 1.5;
    if (surface < 0.225) lit = mix(base * unlit, vec3(1.25, 1.22, 1.15), own_lamps.x);
    if (surface < 0.175) lit = mix(base * unlit, vec3(1.2, 0.10, 0.06), own_lamps.y);
    vec3 bounce = reflect(-view, n);
    vec3 mirror = mix(ground_colour * 0.6, sky_colour * 1.25, smoothstep(-0.15, 0.45, bounce.z));
    float houses = 0.22 + 0.10 * sin(7.0 * bounce.x) * sin(5.0 * bounce.y);  // what stands along the road
    mirror *= mix(0.45, 1.0, smoothstep(houses - 0.03, houses + 0.03, bounce.z + 0.02 * sin(31.0 * bounce.x)));
    float fresnel = 0.05 + 0.95 * pow(1.0 - max(dot(n, view), 0.0), 5.0);
    lit += gloss * fresnel * mirror * (surface < 0.6 ? 1.6 : 1.0);
    lit += gloss * sun_colour * pow(max(dot(bounce, sun), 0.0), 60.0) * 1.5;
    float haze = 1.0 - exp(-length(eye - at) / haze_m);
    lit = mix(lit, haze_colour, haze);
    colour = vec4(pow(clamp(lit, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}
""".replace("LAMP_COUNT", str(LAMPS))

# A cast shadow: every vertex is slid along the sun's ray onto the road.
SHADOW_VERTEX = """
#version 150
uniform mat4 p3d_ModelMatrix;
uniform mat4 p3d_ViewMatrix;
uniform mat4 p3d_ProjectionMatrix;
uniform vec3 sun;
in vec4 p3d_Vertex;
void main() {
    vec4 world = p3d_ModelMatrix * p3d_Vertex;
    world.xyz -= sun * (max(world.z, 0.0) / sun.z);
    world.z = 0.01;
    gl_Position = p3d_ProjectionMatrix * (p3d_ViewMatrix * world);
}
"""

SHADOW_FRAGMENT = """
#version 150
out vec4 colour;
void main() { colour = vec4(1.0); }
"""

CODE_VERTEX = """
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix;
in vec4 p3d_Vertex;
void main() { gl_Position = p3d_ModelViewProjectionMatrix * p3d_Vertex; }
"""

CODE_FRAGMENT = """
#version 150
uniform vec4 code;
out vec4 colour;
void main() { colour = code; }
"""
