"""Every text of the live page, in Bahasa Indonesia and English: one field per text, so that neither can lack one."""

from dataclasses import dataclass
from typing import Final

from .faces import Face
from .settings import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of one language; fields in braces are filled in."""

    language: Language
    decimal: str
    thousands: str
    tagline: str
    overview: str
    map: str
    health: str
    other_language: str
    sign_out: str
    jammed: str
    congested: str
    dense: str
    free: str
    unknown: str
    stale: str
    offline: str
    simulated: str
    simulated_why: str
    queue: str
    queue_longest: str
    speed: str
    speed_lowest: str
    flow: str
    occupancy: str
    in_view: str
    counts: str
    observed: str
    state: str
    reason: str
    approach: str
    lane: str
    junction: str
    camera: str
    m: str
    kmh: str
    vph: str
    vehicles: str
    percent: str
    s: str
    min: str
    h: str
    day: str
    ago: str
    stopped_ago: str
    no_data_since: str
    since: str
    last_known: str
    not_measured: str
    beyond_view: str
    no_live_yet: str
    never_seen: str
    no_approaches: str
    no_row: str
    worker_offline: str
    source_offline: str
    source_ended: str
    source_connecting: str
    source_online: str
    no_cameras: str
    no_cameras_why: str
    cameras_count: str
    last_minutes: str
    now: str
    last_hour: str
    last_hour_note: str
    no_windows: str
    cycles: str
    cycles_none: str
    events: str
    events_none: str
    ongoing: str
    begin: str
    end: str
    duration: str
    severity: str
    info: str
    warning: str
    serious: str
    event: str
    event_congestion: str
    event_stopped_vehicle: str
    event_wrong_way: str
    event_camera_offline: str
    event_camera_moved: str
    event_camera_dark: str
    event_camera_frozen: str
    cycle_start: str
    cycle_length: str
    green: str
    queue_at_green: str
    residual: str
    discharged: str
    saturation: str
    confidence: str
    method: str
    total: str
    motorcycle: str
    car: str
    bus: str
    truck: str
    bicycle: str
    person: str
    three_wheeler: str
    source: str
    fps: str
    fps_note: str
    latency: str
    detector: str
    missed: str
    reconnects: str
    outbox: str
    dropped: str
    cpu: str
    memory: str
    disk: str
    temperature: str
    clock_offset: str
    clock_estimate: str
    clock_steps: str
    last_message: str
    model: str
    calibration: str
    software: str
    truth: str
    truth_why: str
    truth_count: str
    truth_of: str
    history_failed: str
    not_found_why: str
    map_nowhere: str
    map_note: str
    login_title: str
    login_password: str
    login_button: str
    login_wrong: str
    login_wait: str
    login_why: str
    connection_lost: str
    reconnecting: str

    def face(self, face: Face) -> str:
        """The word of a state."""
        return str(getattr(self, face.value))

    def event_type(self, event: str) -> str:
        """The word of an event type; its code where this version has no word."""
        return str(getattr(self, f"event_{event}", event))

    def kind(self, kind: str) -> str:
        """The word of a vehicle class; its code where this version has no word."""
        return str(getattr(self, kind, kind))


ID: Final = Words(
    language="id",
    decimal=",",
    thousands=".",
    tagline="Pantauan lalu lintas langsung",
    overview="Ringkasan",
    map="Peta",
    health="Kesehatan",
    other_language="English",
    sign_out="Keluar",
    jammed="Macet total",
    congested="Macet",
    dense="Padat",
    free="Lancar",
    unknown="Tidak diketahui",
    stale="Data berhenti",
    offline="Luring",
    simulated="simulasi",
    simulated_why="Kamera ini simulasi: videonya dibuat komputer, bukan jalan sungguhan",
    queue="Antrean",
    queue_longest="Antrean terpanjang",
    speed="Kecepatan",
    speed_lowest="Kecepatan terendah",
    flow="Arus",
    occupancy="Okupansi",
    in_view="Terlihat",
    counts="Jumlah lewat",
    observed="Teramati",
    state="Keadaan",
    reason="Alasan",
    approach="Lengan",
    lane="Lajur",
    junction="Simpang",
    camera="Kamera",
    m="m",
    kmh="km/jam",
    vph="kend/jam",
    vehicles="kend",
    percent="%",
    s="s",
    min="mnt",
    h="jam",
    day="hari",
    ago="{age} lalu",
    stopped_ago="data berhenti {age} lalu",
    no_data_since="tidak ada data sejak {time}",
    since="sejak {time}",
    last_known="terakhir {value}",
    not_measured="belum terukur",
    beyond_view="antrean melewati batas pandang kamera",
    no_live_yet="belum ada data langsung sejak layanan ini mulai",
    never_seen="tidak pernah",
    no_approaches="lengan belum dikonfigurasi pada kamera ini",
    no_row="belum ada ukuran untuk lengan ini",
    worker_offline="pengolah kamera berhenti",
    source_offline="gambar kamera terputus",
    source_ended="rekaman selesai",
    source_connecting="sedang menyambung ke kamera",
    source_online="tersambung",
    no_cameras="Belum ada kamera",
    no_cameras_why="Kartu muncul di sini begitu kamera pertama mengirim pesan lewat broker.",
    cameras_count="{n} kamera",
    last_minutes="15 menit terakhir",
    now="Sekarang",
    last_hour="Satu jam terakhir",
    last_hour_note="jendela 60 detik; celah pada garis berarti tidak teramati",
    no_windows="Belum ada jendela 60 detik yang selesai dalam satu jam terakhir.",
    cycles="Siklus lampu",
    cycles_none="Belum ada siklus lampu yang terdeteksi dalam satu jam terakhir.",
    events="Kejadian 24 jam",
    events_none="Tidak ada kejadian dalam 24 jam terakhir.",
    ongoing="masih berlangsung",
    begin="Mulai",
    end="Selesai",
    duration="Lama",
    severity="Tingkat",
    info="info",
    warning="peringatan",
    serious="serius",
    event="Kejadian",
    event_congestion="Kemacetan",
    event_stopped_vehicle="Kendaraan berhenti",
    event_wrong_way="Melawan arah",
    event_camera_offline="Kamera luring",
    event_camera_moved="Kamera bergeser",
    event_camera_dark="Kamera gelap",
    event_camera_frozen="Gambar beku",
    cycle_start="Mulai hijau",
    cycle_length="Siklus",
    green="Hijau",
    queue_at_green="Antrean saat hijau",
    residual="Sisa antrean",
    discharged="Terlepas",
    saturation="Arus jenuh",
    confidence="Keyakinan",
    method="Cara",
    total="Jumlah",
    motorcycle="Motor",
    car="Mobil",
    bus="Bus",
    truck="Truk",
    bicycle="Sepeda",
    person="Orang",
    three_wheeler="Roda tiga",
    source="Sumber gambar",
    fps="Gambar/s",
    fps_note="dibaca / diolah",
    latency="Tunda",
    detector="Detektor",
    missed="Terlewat",
    reconnects="Sambung ulang",
    outbox="Antre kirim",
    dropped="{n} terbuang",
    cpu="CPU",
    memory="Memori",
    disk="Sisa disk",
    temperature="Suhu",
    clock_offset="Selisih jam",
    clock_estimate="taksiran: waktu terima dikurangi waktu kirim",
    clock_steps="{n}× jam diubah",
    last_message="Pesan",
    model="Model",
    calibration="Galat kalibrasi",
    software="Versi",
    truth="Dibanding kebenaran",
    truth_why="Videonya simulasi, jadi angka yang benar diketahui persis",
    truth_count="Jumlah",
    truth_of="{measured} dari {true}",
    history_failed="Riwayat tidak dapat dibaca sekarang: {why}",
    not_found_why="Tidak ada kamera atau simpang dengan nama {name}.",
    map_nowhere="Belum ada kamera yang posisinya diketahui.",
    map_note="Tanpa peta dasar: hanya posisi kamera, tanpa internet.",
    login_title="Masuk",
    login_password="Kata sandi",
    login_button="Masuk",
    login_wrong="Kata sandi salah.",
    login_wait="Terlalu banyak percobaan. Coba lagi dalam {seconds} detik.",
    login_why="Halaman ini dapat dijangkau dari jaringan, jadi kata sandi diperlukan.",
    connection_lost="Sambungan ke pusat terputus: angka di layar ini sudah lama.",
    reconnecting="Menyambung lagi…",
)

EN: Final = Words(
    language="en",
    decimal=".",
    thousands=",",
    tagline="Live traffic",
    overview="Overview",
    map="Map",
    health="Health",
    other_language="Bahasa Indonesia",
    sign_out="Sign out",
    jammed="Jammed",
    congested="Congested",
    dense="Dense",
    free="Free",
    unknown="Unknown",
    stale="Data stopped",
    offline="Offline",
    simulated="simulation",
    simulated_why="This camera is simulated: its video is rendered by a computer, not a real road",
    queue="Queue",
    queue_longest="Longest queue",
    speed="Speed",
    speed_lowest="Lowest speed",
    flow="Flow",
    occupancy="Occupancy",
    in_view="In view",
    counts="Passed",
    observed="Observed",
    state="State",
    reason="Reason",
    approach="Approach",
    lane="Lane",
    junction="Junction",
    camera="Camera",
    m="m",
    kmh="km/h",
    vph="veh/h",
    vehicles="veh",
    percent="%",
    s="s",
    min="min",
    h="h",
    day="d",
    ago="{age} ago",
    stopped_ago="data stopped {age} ago",
    no_data_since="no data since {time}",
    since="since {time}",
    last_known="last {value}",
    not_measured="not measured",
    beyond_view="the queue passes the edge of the camera's view",
    no_live_yet="no live data since this service started",
    never_seen="never",
    no_approaches="no approaches are configured on this camera",
    no_row="no measurement of this approach yet",
    worker_offline="the camera's worker has stopped",
    source_offline="the camera's picture is lost",
    source_ended="the recording has ended",
    source_connecting="connecting to the camera",
    source_online="connected",
    no_cameras="No cameras yet",
    no_cameras_why="Cards appear here as soon as the first camera sends a message through the broker.",
    cameras_count="{n} cameras",
    last_minutes="last 15 minutes",
    now="Now",
    last_hour="Last hour",
    last_hour_note="60-second windows; a gap in a line means not observed",
    no_windows="No 60-second window has been completed in the last hour.",
    cycles="Signal cycles",
    cycles_none="No signal cycle has been detected in the last hour.",
    events="Events, 24 hours",
    events_none="No events in the last 24 hours.",
    ongoing="ongoing",
    begin="Begin",
    end="End",
    duration="Duration",
    severity="Severity",
    info="info",
    warning="warning",
    serious="serious",
    event="Event",
    event_congestion="Congestion",
    event_stopped_vehicle="Stopped vehicle",
    event_wrong_way="Wrong way",
    event_camera_offline="Camera offline",
    event_camera_moved="Camera moved",
    event_camera_dark="Camera dark",
    event_camera_frozen="Picture frozen",
    cycle_start="Start of green",
    cycle_length="Cycle",
    green="Green",
    queue_at_green="Queue at green",
    residual="Residual queue",
    discharged="Discharged",
    saturation="Saturation flow",
    confidence="Confidence",
    method="Method",
    total="Total",
    motorcycle="Motorcycle",
    car="Car",
    bus="Bus",
    truck="Truck",
    bicycle="Bicycle",
    person="Person",
    three_wheeler="Three-wheeler",
    source="Picture source",
    fps="Frames/s",
    fps_note="read / analysed",
    latency="Latency",
    detector="Detector",
    missed="Missed",
    reconnects="Reconnects",
    outbox="Outbox",
    dropped="{n} dropped",
    cpu="CPU",
    memory="Memory",
    disk="Disk free",
    temperature="Temperature",
    clock_offset="Clock offset",
    clock_estimate="estimate: time of arrival less time of sending",
    clock_steps="clock set {n}×",
    last_message="Message",
    model="Model",
    calibration="Calibration error",
    software="Version",
    truth="Against the truth",
    truth_why="The video is simulated, so the true figures are known exactly",
    truth_count="Count",
    truth_of="{measured} of {true}",
    history_failed="History cannot be read now: {why}",
    not_found_why="There is no camera or junction named {name}.",
    map_nowhere="No camera has a known position yet.",
    map_note="Without a base map: camera positions only, no internet.",
    login_title="Sign in",
    login_password="Password",
    login_button="Sign in",
    login_wrong="Wrong password.",
    login_wait="Too many attempts. Try again in {seconds} seconds.",
    login_why="This page can be reached from the network, so a password is required.",
    connection_lost="Connection to the centre lost: the figures on this screen are old.",
    reconnecting="Reconnecting…",
)

_ALL: Final[dict[Language, Words]] = {"id": ID, "en": EN}


def words_in(language: Language) -> Words:
    """The texts of a language."""
    return _ALL[language]
