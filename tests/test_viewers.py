"""Every function of storage that reads for people is told who asks, or has a reason not to be."""

import ast
from pathlib import Path
from typing import Final

STORAGE: Final = Path(__file__).parent.parent / "storage"

TRUSTED: Final = {"viewer", "worker", "desk"}
"""Words of parameters that carry who asks: a viewer, or what was loaded for one chat."""
MACHINERY: Final = {
    "blocks": "pairs of one unit, for the list of doubles, which is told who asks",
    "presence": "whether a row of an import is somebody known; the import is told who asks",
    "ledger": "the turn of one chat; what it asks of people goes through its account",
    "desk": "what lies open of one chat during its turn",
    "apply": "writes what was decided of one chat",
    "exchange": "moves a draft whose code was brought",
    "joining": "moves what belongs to an account whose invitation was brought",
    "standing": "one chat, by its own token",
    "links": "one chat, by an address sealed for it",
    "outbox": "bubbles to their own chats; the list is told who asks",
    "group": "the writer's queue",
    "postgres": "the writer's queue",
    "tries": "counts of keyed hashes",
    "codes": "keyed hashes",
    "backup": "whole files, by whoever has the machine",
    "migrate": "tables, not rows",
    "database": "connections",
    "sealed": "keys",
    "audit": "hashes of histories, no content: numbers of those that are broken",
    "trail": "the anchor over all histories, no content; the check is told who asks",
    "health": "counts of one unit",
    "files": "no database",
    "exporting": "the log of an export that was allowed",
    "merges": "what is remembered of a merge that was allowed",
    "restating": "a form's status, for a merge that was allowed",
}
"""Modules whose functions may do without a viewer, and why."""
ALONE: Final = {
    ("assignments", "named_village"): "public: how villages are called",
    ("crossing", "note_crossed"): "pairs of a batch that was allowed",
    ("households", "homes_of"): "for a batch that was allowed",
    ("rolls", "listed"): "the viewer is part of `Asking`",
    ("rolls", "without_number"): "the viewer is part of `Asking`",
    ("village_names", "village_of"): "public: how villages are called",
    ("accounts", "new_login"): "counts logins, to make the next",
    ("area", "given_to"): "what one account was given: part of its own conditions",
    ("batches", "write_document"): "writes what an import that was allowed has read",
    ("cards", "address_of"): "of a person who was let through",
    ("cards", "comments_of"): "of a form that was let through",
    ("doubles", "note_pairs"): "writes pairs found while a form settles",
    ("invites", "use_invite"): "whoever has the code",
    ("lines", "known_people"): "takes the viewer's condition as an argument",
    ("managing", "lock_unit"): "a lock, no row",
    ("accounts", "viewer_of"): "finds out who asks",
    ("accounts", "insert_account"): "its caller has checked",
    ("invites", "find_invite"): "whoever has the code",
    ("inbox", "mark_replayed"): "closes what open_letter let through",
    ("merging", "lock_both"): "its callers have checked",
    ("units", "village_names"): "public: what a form offers everybody",
    ("units", "ensure_commune"): "writes what set-up said",
    ("units", "set_villages"): "writes what set-up said",
}


def functions() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in sorted(STORAGE.glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.append((path.stem, node))
    return found


def _parameters(node: ast.FunctionDef) -> set[str]:
    return {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}


def test_every_public_read_is_told_who_asks() -> None:
    open_doors = [
        f"{module}.{node.name}"
        for module, node in functions()
        if "connection" in _parameters(node)
        and not _parameters(node) & TRUSTED
        and module not in MACHINERY
        and (module, node.name) not in ALONE
    ]

    assert open_doors == []


def test_the_reasons_are_of_functions_that_are_there() -> None:
    there = {(module, node.name) for module, node in functions()}

    assert {*ALONE} <= there
    assert {*MACHINERY} <= {path.stem for path in STORAGE.glob("*.py")}
