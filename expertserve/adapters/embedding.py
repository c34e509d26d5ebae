"""Trained token embeddings: a LoRA of the input embedding, or new rows for single tokens.

An embedding is a linear layer of one-hot vectors, so its update is a low-rank product, too: A has a
column for each token. Where the output layer is tied to it, new rows are new there, as in PEFT.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from expertserve.adapters.layer import ModuleForm, Reader
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.places import HEADS, base_tensor, names_of, served_name
from expertserve.adapters.settings import CONFIG
from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel, Tensor

INPUT = frozenset(names_of("model.embed_tokens"))


def embedding_forms(
    adapter: PeftAdapter, base: LocalModel, read: Reader
) -> Iterator[tuple[str, ModuleForm]]:
    """Forms of the embedding, A [rank, tokens] and B [width, rank]; then of a tied output layer.

    Raises:
        IncompatibleError: `token_embeddings`, `shape_mismatch`.
    """
    for module, parts in sorted(adapter.embeddings.items()):
        table = base_tensor(base, module)
        if module not in INPUT or table is None or len(table.shape) != 2:
            raise _refused(f"{module} isn't the base model's input embedding")
        if parts.keys() == {"tokens"}:
            rows, where = _new_rows(adapter, module, parts["tokens"], table, read)
            chosen = torch.zeros(len(where), table.shape[0])
            chosen[torch.arange(len(where)), torch.tensor(where)] = 1.0
            form = ModuleForm.product(chosen, rows.T.contiguous())
        elif parts.keys() == {"embed_A", "embed_B"} and adapter.type == "lora":
            form, rows = _low_rank(adapter, module, parts, table, read), None
        else:
            raise _refused(f"a {adapter.type} of {module} has {', '.join(sorted(parts))}")
        form.embedding = True
        yield served_name(base, module), form
        if rows is not None and all(f"{name}.weight" not in base.tensors for name in HEADS):
            yield served_name(base, HEADS[0]), ModuleForm.product(rows, chosen.T.contiguous())


def _low_rank(
    adapter: PeftAdapter, module: str, parts: dict[str, Tensor], table: Tensor, read: Reader
) -> ModuleForm:
    rank, scaling = adapter.scaling(module)
    wanted = {"embed_A": (rank, table.shape[0]), "embed_B": (table.shape[1], rank)}
    for name, shape in wanted.items():
        if parts[name].shape != shape:
            raise IncompatibleError(
                f"{module} doesn't fit the base model: its {name} has the shape"
                f" {parts[name].shape}, {shape} is needed",
                hint="it was made for another model, or its vocabulary was extended",
                code="shape_mismatch",
            )
    return ModuleForm.product(read(parts["embed_A"]), scaling * read(parts["embed_B"]))


def _new_rows(
    adapter: PeftAdapter, module: str, tokens: Tensor, table: Tensor, read: Reader
) -> tuple[torch.Tensor, list[int]]:
    """What single tokens' embeddings change by [tokens, width], and which tokens these are."""
    said = adapter.config.get("trainable_token_indices") or adapter.config.get("token_indices")
    if isinstance(said, dict):
        said = said.get(module) or said.get(module.rpartition(".")[2])
    where = said if isinstance(said, list) else []
    if not where or any(type(i) is not int or not 0 <= i < table.shape[0] for i in where):
        raise _refused(f"{CONFIG} doesn't say which tokens of {module} were trained")
    if len(set(where)) != len(where) or tokens.shape != (len(where), table.shape[1]):
        raise _refused(f"{module} has {len(where)} trained tokens in the shape {tokens.shape}")
    return read(tokens) - read(table)[torch.tensor(where)], where


def _refused(what: str) -> IncompatibleError:
    return IncompatibleError(
        f"the adapter changes token embeddings in a way that isn't served: {what}",
        code="token_embeddings",
    )
