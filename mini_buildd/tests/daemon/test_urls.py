"""What is imported when: the API only once somebody calls it."""

import subprocess
import sys
from pathlib import Path

_CODE = """
import sys
from pathlib import Path
from mini_buildd.config.load import load
from mini_buildd.daemon.main import prepare
from mini_buildd.db.connect import migrate
prepare(load(Path(sys.argv[1])))
migrate()
import mini_buildd.daemon.services
from django.test import Client
client = Client(SERVER_NAME="localhost")
asked = ("/", "/builds/", "/nowhere/", "/account/login/")
pages = [client.get(path).status_code for path in asked]
assert pages == [200, 200, 404, 200], pages
told = {"mini_buildd.api.application", "ninja", "pydantic"} & set(sys.modules)
assert not told, told
assert client.get("/api/v1/status").status_code == 200
assert client.get("/api/").status_code == 200
assert client.get("/api/v1/openapi.json").status_code == 200
assert client.get("/api/v1/nothing").status_code == 404
assert "ninja" in sys.modules
"""


def test_pages_do_not_wait_for_the_api_to_be_imported(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _CODE, str(tmp_path)], check=True, timeout=300)
