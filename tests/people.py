"""What people say: mostly what is asked, sometimes anything at all."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from hypothesis import strategies as st

from bot.content import form_of
from bot.dialogs.messages import Content, Other, Outgoing, Press, Text

FORM: Final = form_of()
NAMES: Final = ("Nguyễn Văn An", "Trần Thị Bưởi", "Y Bhăm Niê", "K'Brêu", "Pơ")
WORDS: Final[Mapping[str, st.SearchStrategy[str]]] = {
    "name": st.sampled_from(NAMES),
    "birth_date": st.dates(date(1930, 1, 1), date(2010, 1, 1)).map(lambda d: f"{d:%d/%m/%Y}")
    | st.sampled_from(["chỉ có năm 1958", "22/11/2011", "chỉ có năm 2009"]),
    "date": st.sampled_from(["3/2020", "2015", "20/02/2019", "bỏ qua", "12/1955"]),
    "id_number": st.sampled_from(
        ["051090001234", "051185004321", "212345678", "không nhớ", "mất", "không muốn ghi"]
    ),
    "insurance_number": st.sampled_from(["0112233445", "051090001234", "bỏ qua", "12345678"]),
    "place": st.sampled_from(
        ["thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "thôn Mang Tà Bể", "tại nhà", "xã Hoa Trắng"]
    ),
    "ethnic_group": st.sampled_from(["Ca Dong", "Hrê", "19", "kinh"]),
    "guardian_name": st.sampled_from(NAMES[:3]),
    "outcome_month": st.sampled_from(["12/2026", "10/2026", "không rõ", "13/2026"]),
    "inherit_changed": st.sampled_from(["9", "5, 11", "8", "99", "lùi"]),
    "change_since": st.sampled_from(["10/2026", "1/2027", "2026"]),
    "text": st.sampled_from(["trồng keo", "may công nghiệp", "bỏ qua", "sửa xe máy"]),
}
COMMANDS: Final = (
    "?", "lùi", "tạm dừng", "tiếp", "phiếu của tôi", "quyền", "gặp cán bộ", "xem mục 8",
    "khai", "dừng", "sửa", "sửa 11", "sửa 11", "sửa 12.2.b", "sửa 12.1", "sửa 8", "sửa 2",
    "sửa 10", "8: 7; 9: 1", "0",
)  # fmt: skip
RARE: Final = ("rút phiếu", "không đồng ý", "/start", "01/01/2020")
NONSENSE: Final = st.text(max_size=12) | st.sampled_from(["1", "99", "có", "không", "đúng"])


def reply(bubble: Outgoing | None) -> st.SearchStrategy[Content]:
    """What a sensible person does when they see `bubble`."""
    if bubble is None or bubble.question is None:
        return st.sampled_from(["chào", "khai", "1", "sửa 9", "phiếu của tôi"]).map(Text)
    values = [button.value for button in bubble.buttons if button.value != "back"]
    match FORM[bubble.question].kind if bubble.question in FORM else bubble.question:
        case "choice":
            number = st.integers(1, len(values)).map(str).map(Text)
            return st.one_of(st.sampled_from(values).map(Press), number)
        case "choices":
            typed = st.sampled_from(["2, 6", "7", "bỏ qua"]).map(Text)
            return st.one_of(st.sampled_from(values).map(Press), typed)
        case "consent_collect" | "guardian_consent":
            return st.just(Press("yes"))
        case "review":
            return st.sampled_from([*values, *["submit"] * len(values)]).map(Press)
        case kind if kind in WORDS:
            return WORDS[kind].map(Text)
    return st.sampled_from(values).map(Press)


def anything(bubble: Outgoing | None) -> st.SearchStrategy[Content]:
    """Mostly sensible; sometimes a command, an old button, a voice message, nonsense."""
    odd = st.one_of(
        st.sampled_from(COMMANDS).map(Text),
        NONSENSE.map(Text),
        st.sampled_from(["nam", "co_viec_lam", "submit", "confirm", "edit:q11_hdkt"]).map(Press),
        st.sampled_from([Other("voice"), Other("photo"), Other("edited")]),
    )
    sensible = reply(bubble)
    rarely = st.sampled_from(RARE).map(Text)
    return st.integers(0, 59).flatmap(lambda n: rarely if n == 0 else odd if n < 12 else sensible)
