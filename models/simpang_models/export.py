"""From a trained network to one ONNX file that holds everything from uint8 pixels to final boxes.

Cheap in the order that matters on a CPU: the scaling of the input lies in the first convolution's weights, the best
300 cells are chosen on scores alone, and only those are decoded and suppressed.
"""

from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from simpang_models.contract import GROUP, GROUP_SHIFT_PX, MAX_BOXES, MIN_SCORE, SUPPRESS_IOU, Description, describe
from simpang_models.network import Detector, cells_at, decode

SIZES = ("416x256", "640x384", "960x544")


class Suppression(torch.autograd.Function):
    """Stands for the ONNX operator NonMaxSuppression during tracing."""

    @staticmethod
    def forward(_ctx: Any, boxes: Tensor, _scores: Tensor, _limit: Tensor, _iou: Tensor) -> Tensor:
        count = min(2, boxes.shape[1])
        index = torch.zeros(count, 3, dtype=torch.int64)
        index[:, 2] = torch.arange(count)
        return index

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, limit: Any, iou: Any) -> Any:
        return g.op("NonMaxSuppression", boxes, scores, limit, iou)


class Contract(nn.Module):
    """The network with pre- and post-processing inside, for a batch of one; takes the network over.

    power: of the scores; below 1 it raises them, so that a new training has its operating point where users of an
    older model have their thresholds. The order of the boxes stays.
    handicap: (7,) taken from the class logits where a name is chosen, not from the score: rare kinds weigh more in
    training and are named too readily, but a vehicle is there whatever its name.
    """

    def __init__(self, network: Detector, power: float, handicap: Tensor) -> None:
        super().__init__()
        self.network = network
        self.power = power
        self.register_buffer("handicap", handicap)
        self.network.fold_input_scale()
        self.register_buffer("group", torch.tensor(GROUP, dtype=torch.float32))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(1, H, W, 3) uint8 BGR to boxes (N, 4), scores (N,) and classes (N,)."""
        raw = self.network(image.permute(0, 3, 1, 2).float())
        best = torch.sigmoid(raw.cls[0].amax(dim=1))
        kind = (raw.cls[0] - self.handicap).argmax(dim=1)
        score, chosen = torch.topk(best, MAX_BOXES)
        score = score**self.power
        kind = kind[chosen]
        boxes = decode(raw.reg[0][chosen], cells_at(chosen, image.shape[1], image.shape[2]))
        keep = self._keep(boxes, score, kind)
        return boxes[keep], score[keep], kind[keep]

    def _keep(self, boxes: Tensor, score: Tensor, kind: Tensor) -> Tensor:
        """Indices after suppression among four-wheelers, among two-wheelers, and among persons."""
        shifted = boxes + (self.group[kind] * GROUP_SHIFT_PX)[:, None]
        good = torch.nonzero(score >= MIN_SCORE).squeeze(1)
        picked = Suppression.apply(
            shifted[good][None],
            score[good][None, None],
            torch.tensor([MAX_BOXES], dtype=torch.int64),
            torch.tensor([SUPPRESS_IOU]),
        )
        return good[picked[:, 2]]


def export(
    network: Detector, facts: Description, path: Path, power: float = 1.0, handicap: dict[int, float] | None = None
) -> None:
    """Write the contract's ONNX file, weights stored as float32; `power` and `handicap` (by class) as in `Contract`."""
    taken = torch.zeros(len(facts.classes))
    for kind, value in (handicap or {}).items():
        taken[kind] = value
    module = Contract(network.float().eval(), power, taken).eval()
    picture = torch.randint(0, 255, (1, 384, 640, 3), dtype=torch.uint8)
    torch.onnx.export(
        module,
        (picture,),
        str(path),
        input_names=["image"],
        output_names=["boxes", "scores", "classes"],
        dynamic_axes={"image": {1: "height", 2: "width"}, "boxes": {0: "n"}, "scores": {0: "n"}, "classes": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(path))
    describe(model, facts)
    onnx.save(model, str(path))
