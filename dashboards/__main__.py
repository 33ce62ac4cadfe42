"""`python -m dashboards`: bring the catalogue up to the source, compile it, and write every board in every language."""

from __future__ import annotations

from dashboards.writing import CATALOGUE, FOLDER, catalogue, compiled, source_of, written


def main() -> None:
    """Write what is committed."""
    texts = catalogue()
    CATALOGUE.write_bytes(source_of(texts))
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(texts))
    for path, text in written().items():
        file = FOLDER / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
