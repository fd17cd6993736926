"""The live page in a real browser: what an operator sees, and what the browser asks for."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.request import urlopen

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from simpang_ingest.page.past import KEEP_S

SERVER = """
import sys
from simpang_ingest.clock import SystemClock
from simpang_ingest.errors import HistoryError
from simpang_ingest.live import LiveBoard
from simpang_ingest.page.app import PageServer
from simpang_ingest.page.sample import Feed, SampleTruth
from simpang_ingest.page.sample_past import SampleHistory
from simpang_ingest.page.settings import ScreenSettings

faults = set()

class History(SampleHistory):
    def windows(self, *arguments, **more):
        if faults:
            raise HistoryError("store is down")
        return super().windows(*arguments, **more)

password = sys.argv[1] if len(sys.argv) > 1 else None
board = LiveBoard(SystemClock())
feed = Feed(board)
settings = ScreenSettings(port=0, password=password, require_login=password is not None)
server = PageServer(History(), board, settings, SampleTruth())
feed.start()
server.start()
print(server.url, flush=True)
for line in sys.stdin:
    verb, camera = line.split()
    {"pause": feed.paused.add, "resume": feed.paused.discard, "break": faults.add, "mend": faults.discard}[verb](camera)
server.stop()
"""
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
)  # fmt: skip


class Page:
    """The page in a process of its own, with made-up traffic; told over its standard input what to do."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the page did not start"

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page without a password."""
    shown = Page()
    yield shown
    shown.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """One browser for all; it notes every request it makes."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_window_size(1366, 768)
    yield driver
    driver.quit()


@pytest.fixture(autouse=True)
def _fresh(browser: webdriver.Chrome) -> None:
    """No language, no session, nothing noted of an earlier test."""
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})


def until(question: Callable[[], bool], timeout_s: float = 15.0) -> float:
    """Seconds until the answer is yes; fails when it stays no."""
    begin_s = time.monotonic()
    while time.monotonic() - begin_s < timeout_s:
        try:
            if question():
                return time.monotonic() - begin_s
        except WebDriverException:
            pass  # the page has changed while it was read: read again
        time.sleep(0.1)
    raise AssertionError(f"not so within {timeout_s} s")


def noted(browser: webdriver.Chrome, log: str) -> list[dict[str, str]]:
    """What the browser wrote in one of its logs since it was last asked."""
    entries: list[dict[str, str]] = browser.get_log(log)  # type: ignore[no-untyped-call]
    return entries


def card(browser: webdriver.Chrome, name: str) -> str:
    """The text that can be seen on a camera's card; empty while there is none."""
    texts = (one.text for one in browser.find_elements(By.CSS_SELECTOR, ".card"))
    return next((text for text in texts if text.startswith(name)), "")


def seen(browser: webdriver.Chrome, *texts: str) -> bool:
    """Whether texts can be seen on the page, all in one look (element.text takes seconds for a long table)."""
    shown: str = browser.execute_script("return document.body.innerText")
    return all(text in shown for text in texts)


def follow(browser: webdriver.Chrome, link: str) -> None:
    """Click a link, once it is there and stands still."""

    def clicked() -> bool:
        browser.find_element(By.PARTIAL_LINK_TEXT, link).click()
        return True

    until(clicked)


def open_overview(browser: webdriver.Chrome, page: Page) -> None:
    """Open the first screen, and wait until the figures are there."""
    browser.get(page.url)
    until(lambda: len(browser.find_elements(By.CSS_SELECTOR, ".card")) == 8)
    until(lambda: "kend" in card(browser, "Ciater Utara") or "veh" in card(browser, "Ciater Utara"))


def test_a_card_shows_state_reason_figures_and_age(browser: webdriver.Chrome, page: Page) -> None:
    """Everything an operator asks stands on the card, in Indonesian, and the state is a word and a sign too."""
    open_overview(browser, page)
    text = card(browser, "Ciater Utara")
    for part in ("Macet total", "3 siklus tidak habis", "Antrean", "Kecepatan", "km/jam", "Arus", "kend/jam", "s lalu"):
        assert part in text
    assert browser.find_elements(By.CSS_SELECTOR, ".card .face-jammed .state svg.sign")


def test_figures_move(browser: webdriver.Chrome, page: Page) -> None:
    """A new message changes the card within a few seconds, without loading anything anew."""
    open_overview(browser, page)
    before = browser.find_element(By.CSS_SELECTOR, ".card .face-jammed dl").text
    until(lambda: browser.find_element(By.CSS_SELECTOR, ".card .face-jammed dl").text != before, 6)


def test_cards_stand_worst_first_and_the_header_counts_them(browser: webdriver.Chrome, page: Page) -> None:
    """The sample has one jam, one congestion, one dead camera, two unknown, two dense and one free."""
    open_overview(browser, page)
    cards = sorted(browser.find_elements(By.CSS_SELECTOR, ".card"), key=lambda one: (one.rect["y"], one.rect["x"]))
    words = [one.find_element(By.CSS_SELECTOR, ".state-line b").text or "Luring" for one in cards]
    assert words[:3] == ["Macet total", "Macet", "Luring"]
    assert words[3:5] == ["Tidak diketahui"] * 2
    assert words[5:] == ["Padat", "Padat", "Lancar"]
    chips = browser.find_element(By.CSS_SELECTOR, ".chips").text.split("\n")
    assert chips[0] == "8 kamera"
    assert "".join(chips[1:]).replace(" ", "") == "1Macettotal1Macet1Luring2Tidakdiketahui2Padat1Lancar"


def test_unknown_is_a_dash_with_words_and_never_zero(browser: webdriver.Chrome, page: Page) -> None:
    """A camera that measures nothing shows no figure at all."""
    open_overview(browser, page)
    lines = card(browser, "Rawa Buntu").split("\n")
    assert "baru 12 dari 30 detik teramati" in lines
    assert lines.count("–") == 3
    assert lines.count("belum terukur") == 3
    assert "0" not in lines


def test_a_simulated_camera_says_so_and_shows_its_error(browser: webdriver.Chrome, page: Page) -> None:
    """The badge, and 41 counted of 43 true ones: −5 %."""
    open_overview(browser, page)
    text = card(browser, "Kembaran Duren")
    assert "simulasi" in text
    assert "Dibanding kebenaran Utara" in text
    assert "41 dari 43 kend" in text
    assert "−5 %" in text


def test_data_that_stops_looks_stopped_within_ten_seconds(browser: webdriver.Chrome, page: Page) -> None:
    """Ten seconds after the last message (2 s apart) the card is stale, its figures are gone, and it recovers."""
    open_overview(browser, page)
    page.say("pause ciater-utara")
    waited_s = until(lambda: "Data berhenti" in card(browser, "Ciater Utara"), 14)
    assert 7 <= waited_s <= 11.5  # at most 2 s since the last message, and one tick of the screen
    text = card(browser, "Ciater Utara")
    assert "Macet total" not in text
    assert "s lalu" in text
    assert text.split("\n").count("–") == 3
    assert "terakhir" in text
    page.say("resume ciater-utara")
    until(lambda: "Macet total" in card(browser, "Ciater Utara"), 6)


def test_the_language_is_switched_in_the_header_and_kept(browser: webdriver.Chrome, page: Page) -> None:
    """English after one click, on the next screen too, and back."""
    open_overview(browser, page)
    browser.find_element(By.LINK_TEXT, "English").click()
    until(lambda: "Jammed" in card(browser, "Ciater Utara"))
    assert "3 cycles not cleared" in card(browser, "Ciater Utara")
    assert "veh/h" in card(browser, "Ciater Utara")
    browser.find_element(By.LINK_TEXT, "Health").click()
    until(lambda: seen(browser, "Reconnects"))
    browser.find_element(By.LINK_TEXT, "Bahasa Indonesia").click()
    until(lambda: seen(browser, "Sambung ulang"))


def test_the_camera_screen_has_lanes_the_last_hour_events_and_cycles(browser: webdriver.Chrome, page: Page) -> None:
    """From the card to everything known about its camera."""
    open_overview(browser, page)
    browser.find_element(By.LINK_TEXT, "Ciater Timur").click()
    until(lambda: seen(browser, "Lajur 2") and seen(browser, "masih berlangsung") and seen(browser, "lepasnya antrean"))
    until(lambda: len(browser.find_elements(By.CSS_SELECTOR, ".chart canvas")) == 3)
    assert browser.find_elements(By.CSS_SELECTOR, "tr.ongoing")
    # 59 or 60 windows in the hour less 9 or 10 unobserved, 19 vehicles each: 931 to 969 as the minute falls
    total = browser.find_elements(By.CSS_SELECTOR, "td[data-label='Jumlah']")[0].text
    assert int(total) % 19 == 0
    assert 900 <= int(total) <= 970


def test_the_junction_screen_has_all_its_cameras(browser: webdriver.Chrome, page: Page) -> None:
    """A junction is the sum of its cameras."""
    browser.get(page.url + "junction/simpang-ciater")
    until(lambda: all(seen(browser, name) for name in ("Ciater Utara", "Ciater Timur", "Ciater Selatan", "Lajur 1")))
    until(lambda: not seen(browser, "Rawa Buntu"))


def test_the_planners_screen_has_the_quarter_hour_its_turns_gates_and_cycles(
    browser: webdriver.Chrome, page: Page
) -> None:
    """From the camera one click to all that is published of it; from there to the minute and back to now."""
    browser.get(page.url + "camera/contoh/ciater-timur")
    until(lambda: seen(browser, "Rincian untuk perencana"))
    follow(browser, "Rincian untuk perencana")
    # 60 s of the windows are seen 59: 885 s of 900
    texts = ("885 s", "PM96-2015", "Gerakan membelok per jendela", "Keluar selatan", "lepasnya antrean")
    until(lambda: seen(browser, *texts))
    follow(browser, "1 mnt")
    until(lambda: seen(browser, "59 s"))
    follow(browser, "Sekarang dan satu jam terakhir")
    until(lambda: seen(browser, "Hitungan per gerbang") and seen(browser, "↓ maju"))


def test_events_stand_in_the_header_on_the_card_and_in_a_list_of_their_own(
    browser: webdriver.Chrome, page: Page
) -> None:
    """From the number in the header to what, where, since when and whether it is over."""
    open_overview(browser, page)
    until(lambda: "Kendaraan berhenti · Utara · lajur 2 · sejak" in card(browser, "Ciater Timur"))
    # congestion and a stopped vehicle twice, a camera that moved: 4 last and ask for somebody
    until(lambda: browser.find_element(By.CSS_SELECTOR, "nav .count").text == "4")
    follow(browser, "Kejadian")
    until(lambda: len(browser.find_elements(By.CSS_SELECTOR, "tr.ongoing")) == 4)
    until(lambda: seen(browser, "Kamera bergeser") and seen(browser, "tidak diketahui sejak"))
    row = browser.find_element(By.XPATH, "//tr[td[text()='Melawan arah']]").text
    assert "Ciater Timur" in row
    assert "melawan arus" in row
    assert "masih berlangsung" not in row


def test_a_name_that_is_not_there_is_said_to_be_so(browser: webdriver.Chrome, page: Page) -> None:
    """A mistyped address gets a sentence, not an empty screen."""
    browser.get(page.url + "camera/contoh/tidak-ada")
    until(lambda: seen(browser, "Tidak ada kamera atau simpang dengan nama tidak-ada."))


def test_a_store_that_fails_is_named_and_the_live_part_goes_on(browser: webdriver.Chrome, page: Page) -> None:
    """No history is no reason to show no present."""
    page.say("break store")
    try:
        time.sleep(KEEP_S)  # until the answer that earlier tests were given is no longer given again
        browser.get(page.url + "camera/contoh/ciater-timur")
        until(lambda: seen(browser, "Riwayat tidak dapat dibaca sekarang: store is down"))
        assert seen(browser, "Lajur 2")
    finally:
        page.say("mend store")


def test_the_health_check_answers_without_a_browser(page: Page) -> None:
    """A supervisor asks /healthz."""
    with urlopen(page.url + "healthz", timeout=5) as answer:
        assert json.load(answer) == {"status": "ok", "cameras": 8}


def test_the_health_screen_says_since_when_a_camera_is_gone(browser: webdriver.Chrome, page: Page) -> None:
    """Rates of those that live, reason and time of those that do not."""
    browser.get(page.url + "health")
    until(lambda: seen(browser, "25,0 / 8,0") and seen(browser, "pengolah kamera berhenti"))
    row = browser.find_element(By.XPATH, "//tr[td/a[text()='Gaplek']]").text
    assert "sejak" in row
    assert "WIB" in row


def test_the_map_names_states_and_nothing_is_asked_of_other_hosts(browser: webdriver.Chrome, page: Page) -> None:
    """Every screen lives on what this server gives: no tiles, no fonts, no scripts from elsewhere, no errors."""
    noted(browser, "performance")
    noted(browser, "browser")
    for path in ("", "camera/contoh/ciater-timur", "health", "map"):
        browser.get(page.url + path)
        until(lambda: seen(browser, "Ciater"))
    until(lambda: seen(browser, "Simpang Ciater") and seen(browser, "Macet total"))
    entries = [json.loads(entry["message"])["message"] for entry in noted(browser, "performance")]
    urls = {one["params"]["request"]["url"] for one in entries if one["method"] == "Network.requestWillBeSent"}
    urls |= {one["params"]["url"] for one in entries if one["method"] == "Network.webSocketCreated"}
    own = (page.url, page.url.replace("http", "ws", 1), "data:", "blob:")
    assert len(urls) > 10
    assert [url for url in urls if not url.startswith(own)] == []
    assert [entry for entry in noted(browser, "browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
@pytest.mark.parametrize(
    "path", ["", "camera/contoh/ciater-timur", "camera/contoh/ciater-timur/figures", "events", "map"]
)
def test_no_screen_is_wider_than_the_window(
    browser: webdriver.Chrome, page: Page, path: str, width: int, height: int
) -> None:
    """On a control-room screen and on a phone nothing has to be pushed sideways."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.url + path)
    until(lambda: seen(browser, "Ciater"))
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width


OVERLAPS = """
const boxes = [...document.querySelectorAll(".place")].map((one) => one.getBoundingClientRect());
const map = document.querySelector(".map").getBoundingClientRect();
const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
const inside = (a) => a.left >= map.left && a.right <= map.right;
const crossed = boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => !apart(a, b)));
return [boxes.length, crossed.length, boxes.filter((a) => !inside(a)).length];
"""


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_labels_of_the_map_lie_side_by_side_and_within_it(
    browser: webdriver.Chrome, page: Page, width: int, height: int
) -> None:
    """Five places, of which two pairs are so near that their labels would cover each other."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.url + "map")
    try:
        until(lambda: browser.execute_script(OVERLAPS) == [5, 0, 0])
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_camera_that_is_not_there_has_no_empty_charts(browser: webdriver.Chrome, page: Page) -> None:
    """A mistyped address says so and nothing else."""
    browser.get(page.url + "camera/contoh/tidak-ada")
    until(lambda: seen(browser, "Tidak ada kamera atau simpang dengan nama tidak-ada."))
    until(lambda: not seen(browser, "Satu jam terakhir"))


def test_a_password_is_asked_for_and_then_the_page_works(browser: webdriver.Chrome) -> None:
    """Wrong, then right, then the figures move over the guarded socket, then out again."""
    guarded = Page("simpang lima ramai")
    try:
        browser.get(guarded.url)
        assert browser.current_url.endswith("/login")
        browser.find_element(By.NAME, "password").send_keys("salah sekali", Keys.ENTER)
        until(lambda: seen(browser, "Kata sandi salah."))
        browser.find_element(By.NAME, "password").send_keys("simpang lima ramai", Keys.ENTER)
        until(lambda: "kend/jam" in card(browser, "Ciater Utara"))
        browser.find_element(By.CSS_SELECTOR, ".tools button").click()
        until(lambda: seen(browser, "Kata sandi"))
    finally:
        guarded.close()


def test_a_lost_centre_makes_every_card_stale_by_itself(browser: webdriver.Chrome) -> None:
    """When the server is gone nobody can tell the browser: within ten seconds it says so alone, in its language."""
    dying = Page()
    open_overview(browser, dying)
    dying.close()
    until(lambda: seen(browser, "Sambungan ke pusat terputus"), 11)
    until(lambda: "Data berhenti" in card(browser, "Ciater Utara"), 11)
    assert "Macet total" not in card(browser, "Ciater Utara")
