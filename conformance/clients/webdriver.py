"""Chromium through chromedriver, by the WebDriver protocol itself: <https://www.w3.org/TR/webdriver2/>."""

import base64
import shutil
import subprocess
import tempfile
import urllib.request

import requests

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing():
    """Says what is not installed, if something is not."""
    names = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(names)} not installed" if names else None


class Browser:
    """A headless Chromium with an empty profile. Trusts what `spki`, the hash of a CA's key, stands behind."""

    def __init__(self, spki, javascript=True):
        self.profile = tempfile.TemporaryDirectory(prefix="chromium-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0", "--allowed-ips=127.0.0.1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        port = next(line.split()[-1].rstrip(".") for line in self.driver.stdout if "started successfully on port" in line)
        self.web = requests.Session()
        self.web.trust_env = False
        arguments = [
            *ARGUMENTS,
            f"--user-data-dir={self.profile.name}",
            f"--ignore-certificate-errors-spki-list={spki}",
        ]
        options = {"args": arguments, "binary": shutil.which("chromium")}
        if not javascript:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.base = f"http://127.0.0.1:{port}/session"
        made = self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.base += f"/{made['sessionId']}"

    def call(self, method, path, body=None):
        """Sends a command and returns its value."""
        body = {} if method == "POST" and body is None else body
        answer = self.web.request(method, self.base + path, json=body, timeout=30)
        value = answer.json()["value"]
        assert answer.ok, f"{method} {path}: {value['error']}: {value['message']}"
        return value

    def stop(self):
        """Ends the browser and its driver."""
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            self.driver.stdout.close()
            self.profile.cleanup()

    def devtools(self, command, **parameters):
        """Sends a command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    @property
    def url(self):
        return self.call("GET", "/url")

    def find(self, selector):
        """Returns the elements of a CSS selector that can be seen."""
        found = self.call("POST", "/elements", {"using": "css selector", "value": selector})
        elements = [element[ELEMENT] for element in found]
        return [element for element in elements if self.call("GET", f"/element/{element}/displayed")]

    def one(self, selector):
        elements = self.find(selector)
        assert len(elements) == 1, f"{len(elements)} of `{selector}` on {self.url}: {self.text()}"
        return elements[0]

    def text(self, selector="body"):
        (element,) = self.find(selector)
        return self.call("GET", f"/element/{element}/text")

    def label(self, element):
        """Returns what a screen reader calls an element."""
        return self.call("GET", f"/element/{element}/computedlabel")

    def type(self, selector, text):
        element = self.one(selector)
        self.call("POST", f"/element/{element}/clear")
        self.call("POST", f"/element/{element}/value", {"text": text})

    def click(self, selector):
        self.call("POST", f"/element/{self.one(selector)}/click")

    def run(self, script):
        """Returns what JavaScript returns; only where it is enabled."""
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self):
        """Returns what the browser wrote to its console: blocked styles and scripts, missing files."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]
