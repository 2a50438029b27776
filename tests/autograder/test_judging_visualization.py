"""Question 12: what its answers are compared with."""

from assignment.data.dataset import resnet50_conv1


def test_the_served_kernel_tells_mistakes_apart() -> None:
    """No filter equals itself mirrored, transposed or with its colours reversed, and no two are alike."""
    kernel, _ = resnet50_conv1()
    rows = kernel.transpose(3, 0, 1, 2)
    for other in (rows[:, ::-1], rows[:, :, ::-1], rows.transpose(0, 2, 1, 3), rows[..., ::-1], -rows):
        assert abs(rows - other).max(axis=(1, 2, 3)).min() > 0.01
    assert len({row.tobytes() for row in rows}) == len(rows)
