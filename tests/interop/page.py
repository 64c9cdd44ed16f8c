"""A page with the official React hooks in it, as released: served from an origin of its own."""

import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from interop.support import HERE, node
from patience import PATIENCE

_ESBUILD = HERE.parents[1] / "js" / "node_modules" / "esbuild" / "bin" / "esbuild"
_HTML = '<!doctype html><div id="root"></div><script src="hooks.js"></script>'


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serve(folder):
    """Builds the page in `folder`; gives its address while it is served."""
    node()
    subprocess.run(
        [
            *(_ESBUILD, "hooks.jsx", "--bundle", f"--outfile={folder / 'hooks.js'}"),
            *("--external:node:*", "--define:process.env.NODE_ENV='production'"),
            "--log-level=error",
        ],
        cwd=HERE,
        check=True,
    )
    (folder / "index.html").write_text(_HTML)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Hooks:
    """The page while it is open: plays a hook with a token, and waits for what it should see."""

    def __init__(self, page, address, api_url):
        self.page, self._api_url = page, api_url
        page.goto(address)

    def play(self, hook, *args, token):
        """Show what the hook gives; `token` is a `SecretStr`."""
        config = {"accessToken": token.get_secret_value(), "baseURL": self._api_url}
        self.page.evaluate("([h, a, c]) => play(h, a, c)", [hook, args, config])

    def until(self, condition):
        """The state once `condition`, in JavaScript, is true of it."""
        self.page.wait_for_function(
            f"() => window.seen && (seen => {condition})(window.seen)", timeout=PATIENCE * 1000
        )
        return self.page.evaluate("() => window.seen")

    def act(self, name, *args):
        """Call a function that the hook gives, as a button would."""
        self.page.evaluate("([name, args]) => { act[name](...args) }", [name, args])
