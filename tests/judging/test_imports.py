"""What importing the engine and its backends costs."""

import subprocess
import sys


def test_http_is_imported_when_it_is_first_needed() -> None:
    modules = "book, config, engine, recording, backends.openai, backends.scripted"
    imports = "; ".join(f"import rubricdsl.judging.{m}" for m in modules.split(", "))
    code = f"{imports}; import sys; sys.exit('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
