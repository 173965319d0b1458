"""What lies on the desk sealed again, as rows: each chat and each submission once a batch."""

from storage.desk import Chat, Desk, Submission
from storage.sealed import place, seal
from storage.settling import settle


def seal_chat(desk: Desk, chat: Chat, platform: str, account: str, address: str) -> None:
    context = desk.context
    sealed = chat.sealed
    if chat.document is not None:
        where = place("chats", "document", chat.id)
        sealed = seal(context.keys.office, chat.document, where, context.random)
    prompt = (chat.submission_id, chat.prompt, chat.prompt_outbox_id, chat.prompt_sent_at)
    if not chat.created:
        desk.rows.add("chat", (sealed, *prompt, chat.prompt_outbox_id, chat.person, chat.id))
        return
    where = place("chats", "address", chat.id)
    hidden = seal(context.keys.office, address.encode(), where, context.random)
    origin = (platform, account, context.unit, hidden)
    desk.rows.add("new chat", (chat.id, chat.token, *origin, sealed, *prompt, chat.person))


def seal_submission(desk: Desk, submission: Submission) -> None:
    state = None
    if submission.key is not None and submission.state is not None:
        where = place("submissions", "state", submission.id)
        state = seal(submission.key, submission.state, where, desk.context.random)
    chain = (submission.event_count, submission.head)
    if submission.created:
        context = desk.context
        about = (submission.id, submission.chat_id, context.unit, context.form, submission.status)
        facts = (*about, submission.wrapped, state, *chain, desk.at, desk.at)
        desk.rows.add("new submission", facts)
    else:
        row = (submission.status, state, *chain, desk.at, submission.id)
        desk.rows.add("submission", row)
    if submission.key is None:
        _erase(desk, submission.id)
    elif submission.confirmed is not None:
        _seal_record(desk, submission)


def _seal_record(desk: Desk, submission: Submission) -> None:
    assert submission.key is not None and submission.confirmed is not None  # noqa: S101
    record, *columns = submission.confirmed
    where = place("submissions", "record", submission.id)
    sealed = seal(submission.key, record, where, desk.context.random)
    confirmed_at, *promoted = columns
    times = (confirmed_at, submission.handed_in_at)
    about = (submission.receipt, sealed, *times, submission.person_id)
    desk.rows.add("confirmed", (*about, *promoted, submission.id))
    desk.rows.add("no marks", (submission.id,))
    for token in submission.marks:
        desk.rows.add("mark", (submission.id, token))
    desk.rows.add("duplicate", (submission.id,))


def write_desk(desk: Desk) -> None:
    """Let forms find their people, seal every submission that changed, and write all there is."""
    settle(desk)
    for submission_id in sorted(desk.changed):
        seal_submission(desk, desk.submissions[submission_id])
    desk.rows.write(desk.connection, desk.sql.writes)


def _erase(desk: Desk, submission_id: int) -> None:
    desk.context.keys.data_key.cache_clear()
    for name in ("erased", "no marks", "no codes", "no bubbles", "no way back"):
        desk.rows.add(name, (submission_id,))
