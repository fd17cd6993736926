"""The start of training from a published network; needs torch."""

import pytest

torch = pytest.importorskip("torch")

from simpang_models.network import PUBLISHED_WIDTHS, Backbone, Front, PublishedFront  # noqa: E402
from simpang_models.thin import solve  # noqa: E402


def test_nothing_is_lost_where_no_channel_is_cut() -> None:
    """With the published front and widths the solved blocks give what the published ones give."""
    torch.manual_seed(2)
    full = Backbone(PublishedFront(), PUBLISHED_WIDTHS).eval()
    copy = Backbone(PublishedFront(), PUBLISHED_WIDTHS).eval()
    copy.front.load_state_dict(full.front.state_dict())
    told: list[str] = []
    pictures = [torch.rand(2, 3, 128, 128) for _ in range(3)]
    solve(copy, full, range(2), pictures, lambda text, _done, _total: told.append(text))
    with torch.no_grad():
        start = full.front(pictures[0])
        wanted = full.blocks[1](full.blocks[0](start))
        found = copy.blocks[1](copy.blocks[0](start))
    assert float(((found - wanted) ** 2).mean() / wanted.var()) < 0.01
    assert [text.split(",")[0] for text in told] == ["block 0", "block 1"]


def test_the_front_keeps_the_published_shape() -> None:
    """Ours and the published one give 24 channels at a quarter of the size."""
    picture = torch.rand(1, 3, 64, 96)
    assert Front().eval()(picture).shape == PublishedFront()(picture).shape == (1, 24, 16, 24)
