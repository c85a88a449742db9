"""The tree against published vectors, and against RFC 6962 read aloud."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.eventlog import reference

from everlearn.core.errors import InvalidError
from everlearn.eventlog.merkle import (
    CompactRange,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# github.com/transparency-dev/merkle, testonly/constants.go: LeafInputs, RootHashes
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# the same, cmd/proofgen/main.go: index and size, then old and new size
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
VECTORS = Path(__file__).with_name("vectors")


def probes(kind: str) -> list[Any]:
    lines = (VECTORS / f"{kind}.jsonl").read_text().splitlines()
    return [pytest.param(probe, id=probe["case"]) for probe in map(json.loads, lines)]


def decoded(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or ()]


def contents(size: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(size)]


class Tree:
    """The leaves' hashes, and the subtrees that proofs are made of."""

    def __init__(self, size: int) -> None:
        self.contents = contents(size)
        self.leaves = [leaf_hash(content) for content in self.contents]

    def root(self, size: int) -> bytes:
        return root_of(self.leaves[:size])

    def subtree(self, start: int, end: int) -> bytes:
        return root_of(self.leaves[start:end])


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 300))
    return draw(st.integers(1, size)), size


@st.composite
def index_and_size(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 300))
    return draw(st.integers(0, size - 1)), size


def flipped(content: bytes, bit: int) -> bytes:
    at = bit // 8 % len(content)
    return content[:at] + bytes([content[at] ^ 1 << bit % 8]) + content[at + 1 :]


def test_leaves_and_nodes_hash_as_published() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]

    found = inclusion_proof(index, size, lambda start, end: root_of(hashes[start:end]))

    assert [each.hex() for each in found] == INCLUSION[index, size]


@pytest.mark.parametrize(("old_size", "size"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old_size: int, size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]

    found = consistency_proof(old_size, size, lambda start, end: root_of(hashes[start:end]))

    assert [each.hex() for each in found] == CONSISTENCY[old_size, size]


@pytest.mark.parametrize("probe", probes("inclusion"))
def test_inclusion_probes_are_judged_as_published(probe: dict[str, Any]) -> None:
    (leaf, root), proof = decoded([probe["leafHash"] or "", probe["root"] or ""]), decoded(probe["proof"])

    assert fails(verify_inclusion, leaf, probe["leafIdx"], probe["treeSize"], proof, root) is probe["wantErr"]


@pytest.mark.parametrize("probe", probes("consistency"))
def test_consistency_probes_are_judged_as_published(probe: dict[str, Any]) -> None:
    (old_root, root), proof = decoded([probe["root1"] or "", probe["root2"] or ""]), decoded(probe["proof"])

    assert fails(verify_consistency, probe["size1"], probe["size2"], proof, old_root, root) is probe["wantErr"]


def fails(check: Any, *arguments: object) -> bool:
    try:
        check(*arguments)
    except ProofError:
        return True
    return False


@given(size=st.integers(0, 70))
def test_growing_leaf_by_leaf_gives_the_root_of_the_definition(size: int) -> None:
    tree = CompactRange()
    for content in contents(size):
        tree = tree.with_leaf(leaf_hash(content))

    assert tree.root() == reference.root(contents(size))
    assert CompactRange.unpacked(size, tree.packed()) == tree
    assert len(tree.hashes) == size.bit_count()


@given(two_sizes())
def test_any_two_sizes_have_a_valid_proof_the_one_of_the_definition(sizes: tuple[int, int]) -> None:
    old_size, size = sizes
    tree = Tree(size)

    proof = consistency_proof(old_size, size, tree.subtree)

    assert proof == reference.proof(old_size, tree.contents)
    verify_consistency(old_size, size, proof, tree.root(old_size), tree.root(size))


@given(index_and_size())
def test_any_leaf_has_a_valid_proof_the_one_of_the_definition(place: tuple[int, int]) -> None:
    index, size = place
    tree = Tree(size)

    proof = inclusion_proof(index, size, tree.subtree)

    assert proof == reference.path(index, tree.contents)
    verify_inclusion(tree.leaves[index], index, size, proof, tree.root(size))


@given(index_and_size(), st.data())
def test_an_inclusion_proof_with_any_bit_changed_fails(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    tree = Tree(size)
    parts = [tree.leaves[index], tree.root(size), *inclusion_proof(index, size, tree.subtree)]
    changed = data.draw(st.integers(0, len(parts) - 1))
    parts[changed] = flipped(parts[changed], data.draw(st.integers(0, 255)))

    with pytest.raises(ProofError):
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(two_sizes(), st.data())
def test_a_consistency_proof_with_any_bit_changed_fails(sizes: tuple[int, int], data: st.DataObject) -> None:
    old_size, size = sizes
    tree = Tree(size)
    parts = [tree.root(old_size), tree.root(size), *consistency_proof(old_size, size, tree.subtree)]
    changed = data.draw(st.integers(0, len(parts) - 1))
    parts[changed] = flipped(parts[changed], data.draw(st.integers(0, 255)))

    with pytest.raises(ProofError):
        verify_consistency(old_size, size, parts[2:], parts[0], parts[1])


@given(two_sizes(), st.data())
def test_two_trees_that_differ_in_an_old_leaf_have_no_valid_proof(sizes: tuple[int, int], data: st.DataObject) -> None:
    old_size, size = sizes
    tree = Tree(size)
    old_root = tree.root(old_size)
    changed = data.draw(st.integers(0, old_size - 1))
    tree.leaves[changed] = leaf_hash(flipped(tree.contents[changed], data.draw(st.integers(0, 1_000))))

    proof = consistency_proof(old_size, size, tree.subtree)

    with pytest.raises(ProofError):
        verify_consistency(old_size, size, proof, old_root, tree.root(size))


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(InvalidError, match="no leaf"):
        inclusion_proof(index, size, Tree(4).subtree)


@pytest.mark.parametrize(("old_size", "size"), [(0, 4), (5, 4)])
def test_there_is_no_proof_between_an_empty_or_a_longer_log_and_another(old_size: int, size: int) -> None:
    with pytest.raises(InvalidError, match="old size"):
        consistency_proof(old_size, size, Tree(5).subtree)
