"""What runs beside a student's program, in a real browser: the web pages of real tools, and a lab's services."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Playwright, expect

from tests.e2e import pages_course
from tests.e2e.conftest import SCREENSHOTS, profile
from tests.e2e.lab_page import LabPage, shoot, sign_in
from tests.live import LivePortal
from tests.redis_server import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
SLOW_MS = 120_000


@pytest.fixture(scope="module")
def pages_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    """On bubblewrap alone: how a page gets from the sandbox's socket to the browser is the same on every driver."""
    content = pages_course.write(tmp_path_factory.mktemp("content"))
    run_dir = Path(f"/dev/shm/labs-pages-{os.getpid()}")
    portal = LivePortal("bubblewrap", tmp_path_factory.mktemp("portal-pages"), run_dir, free_port())
    portal.extra = {"LABS_CONTENT_DIR": str(content), "LABS_POOL": "false"}
    try:
        portal.start()
        yield portal
    finally:
        portal.stop()


@pytest.fixture(scope="module")
def context(
    playwright: Playwright, pages_portal: LivePortal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    with profile(playwright, tmp_path_factory.mktemp("profile"), pages_portal) as opened:
        opened.set_default_timeout(SLOW_MS)
        sign_in(opened.pages[0], pages_portal)
        yield opened


def lab_of(context: BrowserContext, name: str) -> Iterator[LabPage]:
    """The lab with its program run by a student."""
    lab = LabPage(context.new_page(), name).open()
    lab.run()
    yield lab
    lab.page.close()


@pytest.fixture
def spark(context: BrowserContext) -> Iterator[LabPage]:
    yield from lab_of(context, "chispa")


@pytest.fixture
def dask(context: BrowserContext) -> Iterator[LabPage]:
    yield from lab_of(context, "tablero")


@pytest.fixture
def mlops(context: BrowserContext) -> Iterator[LabPage]:
    yield from lab_of(context, "carreras")


def see(lab: LabPage, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    shoot(lab.page, SCREENSHOTS / f"web-{name}.png", full=False)


def test_spark_lists_its_executor_and_the_history_server_its_application(spark: LabPage) -> None:
    spark.wait_for_end()
    ui = spark.web("Interfaz de Spark")
    ui.get_by_role("link", name="Executors").click()
    expect(ui.locator("tr", has_text="driver").first).to_contain_text("Active", timeout=SLOW_MS)
    see(spark, "executors")
    history = spark.web("Historial de Spark")
    expect(history.locator("tbody tr", has_text="local-")).to_contain_text("lab", timeout=SLOW_MS)
    see(spark, "history")


DONE = """() => (window.Bokeh?.documents ?? []).flatMap((shown) => [...shown._all_models.values()])
    .flatMap((model) => Array.from(model.data?.get?.("state") ?? model.data?.state ?? []))
    .filter((state) => state === "memory").length"""


def test_the_dask_graph_moves_a_students_own_server_opens_and_a_cell_runs_in_jupyterlab(dask: LabPage) -> None:
    expect(dask.output).to_contain_text("trabajadores 2", timeout=SLOW_MS)
    page = dask.page
    board = dask.web("Panel de Dask")
    board.get_by_role("link", name="Graph", exact=True).click()
    graph = page.frame(url="**/graph") or page.wait_for_event(
        "framenavigated", lambda frame: frame.url.endswith("/graph"), timeout=SLOW_MS
    )
    graph.wait_for_function(f"() => ({DONE})() > 0", timeout=SLOW_MS)
    before = graph.evaluate(DONE)
    graph.wait_for_function(f"() => ({DONE})() > {before}", timeout=SLOW_MS)
    see(dask, "dask")

    expect(dask.other_port(8123).locator("body")).to_contain_text("main.py", timeout=SLOW_MS)

    jupyter = dask.web("JupyterLab")
    jupyter.locator(".jp-LauncherCard[data-category=Notebook]").first.click()
    cell = jupyter.locator(".jp-Notebook .jp-CodeCell").first
    cell.locator(".cm-content").click()
    page.keyboard.type("print(6 * 7, 'de una celda')")
    # JupyterLab forgets a run that is asked for before it has a kernel, and its round indicator says idle even then.
    expect(jupyter.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle", timeout=SLOW_MS)
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("42 de una celda", timeout=SLOW_MS)
    expect(jupyter.locator(".Toastify__toast")).to_have_count(0)
    see(dask, "jupyterlab")


def test_a_page_that_loads_again_and_again_is_told_and_works_in_a_window_of_its_own(
    playwright: Playwright, pages_portal: LivePortal, tmp_path: Path
) -> None:
    """JupyterLab where the browser keeps a frame's data from it."""
    with profile(playwright, tmp_path, pages_portal, frames_keep_data=False) as blocking:
        blocking.set_default_timeout(SLOW_MS)
        sign_in(blocking.pages[0], pages_portal)
        lab = LabPage(blocking.new_page(), "tablero").open_anew()  # the last run goes on, which makes JupyterLab slow
        # Waited for without looking: each look of Playwright's counts as a click of the reader's.
        shown = lab.page.main_frame
        with lab.page.expect_event("framedetached", lambda gone: gone.parent_frame == shown, timeout=3 * SLOW_MS):
            lab.web("JupyterLab")
        panel = lab.page.get_by_role("tabpanel", name="JupyterLab")
        expect(panel.get_by_role("status")).to_contain_text("se carga una y otra vez", timeout=SLOW_MS)
        see(lab, "restless")
        with blocking.expect_page() as opened:
            panel.locator(".empty").get_by_role("button", name="Abrir en otra ventana").click()
        expect(opened.value.locator(".jp-LauncherCard").first).to_be_visible(timeout=SLOW_MS)


def test_mlflow_lists_a_run_and_tensorboard_a_curve(mlops: LabPage) -> None:
    expect(mlops.output).to_contain_text("anotado", timeout=2 * SLOW_MS)  # it waits for the server, which starts, too
    mlflow = mlops.web("MLflow")
    mlops.go_to("/#/experiments/1/runs")
    expect(mlflow.get_by_text("carrera-azul").first).to_be_visible(timeout=SLOW_MS)
    see(mlops, "mlflow")
    board = mlops.web("TensorBoard")
    expect(board.get_by_text("perdida").first).to_be_visible(timeout=SLOW_MS)
    see(mlops, "tensorboard")


@pytest.fixture
def services(context: BrowserContext) -> Iterator[Locator]:
    """The panel of services of a student who has just started their session there."""
    lab = LabPage(context.new_page(), "servicios").open()
    lab.page.get_by_role("tab", name="Servicios").click()
    panel = lab.page.locator("#panel-services")
    panel.get_by_role("button", name="Encender").click()
    yield panel
    lab.page.close()


AT_THE_END = "log => log.scrollHeight > log.clientHeight && log.scrollTop + log.clientHeight >= log.scrollHeight - 1"


def test_a_service_is_stopped_and_started_again_and_its_log_followed(services: Locator) -> None:
    scheduler, workers = (services.locator("li", has_text=title) for title in ("Planificador", "Trabajadores"))
    for service in (scheduler, workers):
        expect(service.get_by_role("status")).to_have_text("en ejecución", timeout=SLOW_MS)
    scheduler.locator("summary").click()
    log = scheduler.get_by_role("log")
    expect(log).to_contain_text("Register worker", timeout=SLOW_MS)

    workers.get_by_role("button", name="Parar").click()
    expect(workers.get_by_role("status")).to_have_text("parado", timeout=SLOW_MS)
    expect(workers.get_by_role("button", name="Arrancar")).to_be_focused()
    expect(scheduler.get_by_role("status")).to_have_text("en ejecución")
    expect(log).to_contain_text("Remove worker", timeout=SLOW_MS)  # what comes while one looks is shown
    services.page.wait_for_function(AT_THE_END, arg=log.element_handle())
    services.page.get_by_role("tab", name="Historial").click()
    services.page.get_by_role("tab", name="Servicios").click()
    services.page.wait_for_function(AT_THE_END, arg=log.element_handle())
    shoot(services.page, SCREENSHOTS / "services.png", full=False)

    workers.get_by_role("button", name="Arrancar").click()
    expect(workers.get_by_role("status")).to_have_text("en ejecución", timeout=SLOW_MS)
    workers.locator("summary").click()
    expect(workers.get_by_role("log")).to_contain_text("Registered to", timeout=SLOW_MS)


@pytest.fixture
def waiting(context: BrowserContext) -> Iterator[LabPage]:
    """A lab whose store is ready once the program has filled it, and with a service that can't start."""
    lab = LabPage(context.new_page(), "esperas").open()
    yield lab
    lab.page.close()


def test_a_page_opens_by_itself_when_its_service_is_ready(waiting: LabPage) -> None:
    store = waiting.web("Tienda")
    panel = waiting.page.get_by_role("tabpanel", name="Tienda")
    expect(panel.get_by_role("status")).to_contain_text("Tienda está arrancando.", timeout=SLOW_MS)
    shoot(waiting.page, SCREENSHOTS / "web-waiting.png", full=False)
    waiting.page.set_viewport_size({"width": 390, "height": 844})
    waiting.page.get_by_role("tab", name="Resultados", exact=True).click()
    assert panel.get_by_role("status").evaluate("said => said.getBoundingClientRect().right <= innerWidth")
    waiting.page.set_viewport_size({"width": 1400, "height": 900})
    panel.get_by_role("button", name="Abrirla ya").click()
    expect(store.locator("body")).to_contain_text("main.py", timeout=SLOW_MS)
    panel.get_by_role("button", name="Recargar").click()
    expect(panel.get_by_role("status")).to_contain_text("Tienda está arrancando.", timeout=SLOW_MS)
    waiting.run()
    waiting.wait_for_end()
    waiting.page.get_by_role("tab", name="Tienda").click()
    expect(store.locator("body")).to_contain_text("surtida.txt", timeout=SLOW_MS)

    waiting.end_session()
    expect(panel.get_by_role("status")).to_contain_text("ha terminado", timeout=SLOW_MS)


def test_a_page_whose_service_fails_says_where_to_look(waiting: LabPage) -> None:
    waiting.web("Rota")
    panel = waiting.page.get_by_role("tabpanel", name="Rota")
    expect(panel.get_by_role("status")).to_contain_text("Rota no arranca.", timeout=SLOW_MS)
    shoot(waiting.page, SCREENSHOTS / "web-failed.png", full=False)
    waiting.page.get_by_role("tab", name="Servicios").click()
    broken = waiting.page.locator("#panel-services li", has_text="Rota")
    broken.locator("summary").click()
    expect(broken.get_by_role("log")).to_contain_text("sin mercancía", timeout=SLOW_MS)
