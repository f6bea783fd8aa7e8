"""The section "Mutations" of docs/reliability.md, made of the results that are kept."""

from mutations.name import Name
from mutations.outcome import Equivalent, split

HEAD = """
## Mutations

A mutant is the source with one small change: another comparison, a number one higher, a `not`, a statement left out. The tests
of its module have to fail for it. `make mutations` makes mutants of the modules on which the law rests, with
[Cosmic Ray](https://cosmic-ray.readthedocs.io/); `ARGS=--write` writes this section. Of a module a seeded sample is tried, first
one mutant at each place of the code, or the mutants of chosen lines; a module without a row was not tried yet. A mutant that
makes the tests hang is killed by time. *Equivalent* are survivors that do what the code does; each is listed with the reason.
"""
ROW = "| {module} | {candidates:,} | {tried:,} | {killed:,} | {by_time:,} | {equivalent:,} | {alive:,} |"


def quoted(line: str) -> str:
    """As code in Markdown; the line may have backquotes itself."""
    fence = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line or ' '}{pad}{fence}"


def sentence(name: Name) -> str:
    again = f" ({name.nth}.)" if name.nth > 1 else ""
    return f"{name.function or 'module'}: {quoted(name.line)}{again} becomes {quoted(name.becomes)}"


def as_markdown(results: dict[str, dict], known: list[Equivalent]) -> str:
    """The whole section. results: as outcome.load gives them."""
    lines, alive_lines, same_lines = [], [], []
    totals = dict.fromkeys(("tried", "killed", "equivalent", "alive"), 0)
    for module, result in results.items():
        alive, same = split([Name(*fields) for fields in result["survivors"]], known)
        figures = {**result, "module": module, "equivalent": len(same), "alive": len(alive)}
        lines.append(ROW.format(**figures))
        for total in totals:
            totals[total] += figures[total]
        alive_lines += [f"- {module}, {sentence(name)}" for name in alive]
        same_lines += [f"- {module}, {sentence(name)}. {reason}" for name, reason in same]
    days = sorted({result["day"] for result in results.values()})
    seeds = sorted({result["seed"] for result in results.values()})
    when = f"Last written on {days[-1]}; seeds: {', '.join(map(str, seeds))}. " if results else ""
    text = [
        HEAD,
        f"{when}**{totals['tried']:,} mutants tried, {totals['killed']:,} killed, {totals['equivalent']:,} equivalent, "
        f"{totals['alive']:,} survived.**\n",
        "| module | mutants | tried | killed | of these by time | equivalent | survived |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *lines,
    ]
    if alive_lines:
        text += ["\n### Mutants that survived\n", *alive_lines]
    if same_lines:
        text += ["\n### Equivalent mutants\n", *same_lines]
    return "\n".join(text) + "\n"
