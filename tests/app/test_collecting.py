"""Collecting blobs on a platform that has lived: nothing that anything names is lost."""

import re
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from tests.app.lived import ADA, Life, a_copy_of_it

from everlearn.core.digest import Digest
from everlearn.db import metadata
from everlearn.db.references import is_declared
from everlearn.storage import Collector, Grace

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NOT_DECLARED = {  # text that people and rules wrote, in which digests of other things stand
    "registry_versions.source_key",
}


def digests_anywhere(life: Life) -> dict[str, set[str]]:
    """Give every digest in the whole database by the column that it stands in."""
    found: dict[str, set[str]] = {}
    with life.platform.db.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(sa.select(table)).mappings():
                for column, value in row.items():
                    if isinstance(value, str) and (named := DIGEST.findall(value)):
                        found.setdefault(f"{table.name}.{column}", set()).update(named)
    return found


def test_after_collecting_everything_that_was_ever_named_is_still_there(tmp_path: Path) -> None:
    with a_copy_of_it(tmp_path / "home") as life:
        platform = life.platform
        before = {blob.digest: blob.size_bytes for blob in platform.blobs.kept()}
        by_column = digests_anywhere(life)
        named = set().union(*by_column.values()) & {*before}
        unnamed = {*before} - named
        orphan = platform.blobs.put(b"nothing names this")
        at_once = Grace(before_aside=timedelta(0), before_removal=timedelta(0))
        collector = Collector(platform.db, platform.blobs, platform.log, platform.clock, at_once)

        first = collector.collect(actor=ADA)
        second = collector.collect(actor=ADA)

        after = {blob.digest for blob in platform.blobs.kept()}
        assert named <= after
        assert first.missing == second.missing == 0
        assert second.removed == len(unnamed) + 1
        assert not platform.blobs.exists(Digest(orphan))
        undeclared = {
            name
            for name in by_column
            if not is_declared(metadata.tables[name.partition(".")[0]].columns[name.partition(".")[2]])
        }
        assert undeclared <= NOT_DECLARED, "say what these digests are of where the column is declared"

        ledger = platform.decisions.replay_all("default")
        assert ledger.decisions == ledger.reproduced > 0
        assert platform.audit.verify().is_sound
        assert platform.cards.read("default", "eta", 1)
