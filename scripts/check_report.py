#!/usr/bin/env python3
"""Opens a report in headless Chromium over the DevTools protocol and holds it to its promises:

  no message on the console, no request beyond the page itself, heads that sort both ways by click and by
  key, an order that its address restores, and the same content without scripting.

Pictures of it (light, dark, narrow, without scripting, print) go to FOLDER. Called by check_report.sh.
"""
import base64, json, os, shutil, socket, subprocess, sys, tempfile, time, urllib.parse, urllib.request


class Socket:
    """The little of RFC 6455 that DevTools needs: text frames, no extensions."""

    def __init__(self, url):
        where = urllib.parse.urlparse(url)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(65536)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            sys.exit(f"check_report: the browser refused a connection: {head!r}")

    def send(self, text):
        data, mask = text.encode(), os.urandom(4)
        length = len(data)
        head = b"\x81" + (bytes([0x80 | length]) if length < 126 else
                          b"\xfe" + length.to_bytes(2, "big") if length < 65536 else
                          b"\xff" + length.to_bytes(8, "big"))
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(1 << 20)
            if not more:
                sys.exit("check_report: the browser closed the connection")
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        message = b""
        while True:
            first, second = self.take(2)
            length = second & 0x7F
            if length > 125:
                length = int.from_bytes(self.take(2 if length == 126 else 8), "big")
            data = self.take(length)
            if first & 0x0F in (0, 1):
                message += data
                if first & 0x80:
                    return message.decode()


class Browser:
    def __init__(self, program):
        self.folder = tempfile.mkdtemp()
        command = [program, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.folder}",
                   "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "about:blank"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = None
        for _ in range(300):
            try:
                port = open(os.path.join(self.folder, "DevToolsActivePort")).readline().strip()
                break
            except OSError:
                time.sleep(0.1)
        if not port:
            sys.exit("check_report: the browser did not start")
        self.open_page(port)

    def open_page(self, port):
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
        page = next(p for p in pages if p["type"] == "page")
        self.socket, self.number, self.events = Socket(page["webSocketDebuggerUrl"]), 0, []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"check_report: {method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(json.loads(self.socket.receive()))

    def load(self, url):
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.wait("Page.loadEventFired")
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"check_report: {expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def size(self, width, height, dark=False, media=""):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def pictures(self, path, width, most):
        """The page from its top, in pieces that can be looked at: PATH-1.png, ..."""
        height = int(self.call("Page.getLayoutMetrics")["cssContentSize"]["height"])
        for piece in range(min(most, (height + 1499) // 1500)):
            top = 1500 * piece
            shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                             clip={"x": 0, "y": top, "width": width, "height": min(height - top, 1500), "scale": 1})
            with open(f"{path}-{piece + 1}.png", "wb") as file:
                file.write(base64.b64decode(shot["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Report:
    def __init__(self, browser, url, folder):
        self.browser, self.url, self.folder = browser, url, folder
        self.checks = self.failures = 0

    def expect(self, what, holds, detail=""):
        self.checks += 1
        if not holds:
            self.failures += 1
            print(f"FAILED: {what} {detail}")

    def quiet(self, where):
        events = self.browser.events
        said = [e["params"] for e in events if e["method"] in
                ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")]
        self.expect(f"nothing on the console ({where})", not said, str(said)[:600])
        asked = {e["params"]["request"]["url"].split("#")[0] for e in events
                 if e["method"] == "Network.requestWillBeSent"}
        asked = {address for address in asked if not address.startswith(("data:", "about:"))}
        self.expect(f"nothing else is loaded ({where})", asked <= {self.url}, str(asked)[:600])

    def column(self, table, column):
        return self.browser.value(
            f"[...document.getElementById({json.dumps(table)}).tBodies[0].rows].filter(r => r.cells.length > {column})"
            f".map(r => r.cells[{column}]).map(c => c.dataset.value === undefined ? null : Number(c.dataset.value))")

    def click(self, table, column):
        place = self.browser.value(
            f"(() => {{ const b = document.getElementById({json.dumps(table)}).tHead.rows[0].cells[{column}]"
            ".querySelector('button'); b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect();"
            " return [r.x + 4, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.browser.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, table, column):
        self.browser.value(f"document.getElementById({json.dumps(table)}).tHead.rows[0].cells[{column}]"
                           ".querySelector('button').focus()")
        for kind in ("rawKeyDown", "char", "keyUp"):
            self.browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
                              windowsVirtualKeyCode=13, text="\r" if kind == "char" else "")

    def order(self, table, column):
        return self.browser.value(f"document.getElementById({json.dumps(table)}).tHead.rows[0].cells[{column}]"
                                  ".getAttribute('aria-sort')")

    def check_sorting(self):
        tables = self.browser.value("[...document.querySelectorAll('table.sortable')]"
                                    ".filter(t => !t.closest('details')).map(t => t.id)")
        self.expect("there are tables", len(tables) > 0)
        for table in tables[:6]:
            heads = self.browser.value(f"document.getElementById({json.dumps(table)}).tHead.rows[0].cells.length")
            for column in range(1, heads):
                before = self.column(table, column)
                known = [v for v in before if v is not None]
                if len(set(known)) < 2:
                    continue
                self.click(table, column)
                after = [v for v in self.column(table, column) if v is not None]
                self.expect(f"{table}: column {column} ascends", after == sorted(known), str(after))
                self.expect("and says so", self.order(table, column) == "ascending")
                self.press(table, column)
                after = [v for v in self.column(table, column) if v is not None]
                self.expect(f"{table}: column {column} descends by key", after == sorted(known, reverse=True), str(after))
                self.expect("and says so", self.order(table, column) == "descending")
                self.check_address(table, column, after)
                break

    def check_address(self, table, column, order):
        address = self.browser.value("location.href")
        self.expect("the address has the order", f"#sort={table},{column},descending" in address, address)
        self.browser.load(address)
        after = [v for v in self.column(table, column) if v is not None]
        self.expect(f"{table}: the address restores the order", after == order, str(after))
        self.browser.load(self.url)

    def check_structure(self):
        value = self.browser.value
        self.expect("one h1", value("document.querySelectorAll('h1').length") == 1)
        self.expect("every table has a caption", value("[...document.querySelectorAll('table')].every(t => t.caption)"))
        self.expect("ids are unique", value("(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                                            " return new Set(ids).size === ids.length; })()"))
        self.expect("local links lead somewhere", value(
            "[...document.querySelectorAll('a[href^=\"#\"]')].every(a => document.getElementById("
            "decodeURIComponent(a.hash.slice(1))))"))
        self.expect("pictures say what they show", value(
            "[...document.querySelectorAll('.picture svg, .picture img')].every(p => "
            "(p.getAttribute('aria-label') || p.alt || '').length > 10)"))
        self.expect("heads say what they head", value("[...document.querySelectorAll('th')].every(t => t.scope)"))
        self.expect("the page is not wider than its window",
                    value("document.documentElement.scrollWidth <= innerWidth"))

    def check_command_link(self):
        found = self.browser.value("(() => { const a = document.querySelector('tbody th a'); if (!a) return null;"
                                   " a.click(); return new Promise(done => setTimeout(() => { const row ="
                                   " document.getElementById(decodeURIComponent(location.hash.slice(1)));"
                                   " done(row && row.getBoundingClientRect().height > 0); }, 300)); })()")
        self.expect("a design's name opens its command", found is None or found)

    def check_curves(self):
        """A pointer on a curve: its name shows, and the others step back."""
        found = self.browser.value(
            "(() => { for (const group of document.querySelectorAll('.picture g[data-title]')) {"
            " const path = [...group.querySelectorAll('path')].sort((a, b) => b.getTotalLength() - a.getTotalLength())[0];"
            " if (!path || path.getTotalLength() < 80) continue;"
            " group.scrollIntoView({block: 'center'});"
            " for (let share = 0; share <= 1; share += 0.05) {"
            " const p = path.getPointAtLength(share * path.getTotalLength()).matrixTransform(path.getScreenCTM());"
            " const hit = document.elementFromPoint(p.x, p.y);"
            " const owner = hit && hit.closest('g[data-title]');"
            " if (owner === group) return [p.x, p.y, group.dataset.title]; } } return null; })()")
        if found is None:
            self.expect("curves have names", not self.browser.value("document.querySelector('.picture svg') !== null"))
            return
        self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=found[0], y=found[1])
        tip = self.browser.value("document.getElementById('tip').hidden ? null : document.getElementById('tip').textContent")
        self.expect("a curve says its name", tip == found[2], f"{tip} and {found[2]}")
        self.expect("the others step back", self.browser.value("document.querySelectorAll('g.dim').length") > 0)
        self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
        self.expect("and come back", self.browser.value("document.querySelectorAll('g.dim').length") == 0)

    # Letters that are shown, the buttons' aside.
    TEXT = ("[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('.copy'))"
            ".flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)"
            ".map(n => n.data.replace(/\\s/g, '').length).reduce((a, b) => a + b, 0)")

    def run(self):
        browser = self.browser
        browser.size(1400, 900)
        browser.load(self.url)
        self.check_structure()
        text = browser.value(self.TEXT)
        browser.pictures(f"{self.folder}/light", 1400, 12)
        self.check_sorting()
        self.check_curves()
        self.check_command_link()
        self.quiet("light")
        browser.size(1400, 900, dark=True)
        browser.load(self.url)
        browser.pictures(f"{self.folder}/dark", 1400, 3)
        self.quiet("dark")
        browser.size(420, 800)
        browser.load(self.url)
        self.expect("it fits a narrow window", browser.value("document.documentElement.scrollWidth <= innerWidth"),
                    str(browser.value("[...document.querySelectorAll('body *')].filter(e => !(e.parentElement && e.parentElement.closest('.box, pre')) && "
                                      "e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 80))")))
        browser.pictures(f"{self.folder}/narrow", 420, 2)
        browser.size(1000, 900, media="print")
        browser.load(self.url)
        browser.pictures(f"{self.folder}/print", 1000, 2)
        self.without_scripting(text)

    def without_scripting(self, length):
        browser = self.browser
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.size(1400, 900)
        browser.load(self.url)
        browser.pictures(f"{self.folder}/static", 1400, 1)
        self.quiet("without scripting")
        text = browser.value(self.TEXT)
        self.expect("the same text without scripting", text == length, f"{text} and {length}")
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def main():
    page, folder, program = sys.argv[1:4]
    os.makedirs(folder, exist_ok=True)
    browser = Browser(program)
    try:
        report = Report(browser, "file://" + urllib.parse.quote(os.path.abspath(page)), folder)
        report.run()
    finally:
        browser.close()
    print(f"check_report: {report.checks} checks, {report.failures} failed; pictures in {folder}")
    sys.exit(1 if report.failures else 0)


main()
