import re
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs" / "proof-kit.md").read_text()


def test_the_page_runs_from_top_to_bottom():
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    assert len(blocks) > 6
    scope = {}
    for block in blocks:
        exec(compile(block, "proof-kit.md", "exec"), scope)
    assert scope["step"].check()[0]
    assert not scope["step"].anti_test()[0]
