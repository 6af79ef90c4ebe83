"""docs/reference is made from the declarations: fails when a page there is not what this busway would write."""
import difflib
import pathlib
import subprocess
import sys
import tempfile

busway, source = sys.argv[1], pathlib.Path(sys.argv[2])

with tempfile.TemporaryDirectory() as fresh:
    subprocess.run([busway, "help", "--docs", fresh], check=True)
    wanted = {page.name: page.read_text() for page in pathlib.Path(fresh).glob("*.md")}
    there = {page.name: page.read_text() for page in (source / "docs/reference").glob("*.md")}

stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
for name in stale:
    lines = difflib.unified_diff(there.get(name, "").splitlines(), wanted.get(name, "").splitlines(), f"docs/reference/{name}", "as it should be", lineterm="")
    print("\n".join(list(lines)[:40]))
if stale:
    print(f"\nstale: {', '.join(stale)}. Refresh with: busway help --docs docs/reference (and remove pages of which nothing is left)")
    sys.exit(1)
print(f"{len(wanted)} pages are fresh")
