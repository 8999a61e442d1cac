"""A workbook's sheets, and what their cells share: texts and number formats."""

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.domain.customers.uploads import FileProblem, RowProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.xlsx import number_formats
from bot.spreadsheets.xlsx.number_formats import GENERAL, OTHER_BUILT_IN
from bot.spreadsheets.xlsx.package import Package, open_package
from bot.spreadsheets.xlsx.sheet import INLINE, TRUE, UNCALCULATED, ColumnCell
from bot.spreadsheets.xlsx.strings import read_strings, unescaped

NUMBER: Final = re.compile(r"\s*-?\d+(?:\.\d*)?(?:E[+-]?\d+)?\s*", re.IGNORECASE | re.ASCII)
PLAIN_NUMBER: Final = re.compile(r"[1-9][0-9]{0,10}").fullmatch
"""Shown as it is in the usual formats."""
TEXTS: Final = frozenset({INLINE, "str"})
DOCUMENT: Final = "officeDocument"
MAIN_PART: Final = "xl/workbook.xml"
OTHER_PROGRAMS: Final = frozenset({"content.xml", "index/document.iwa"})
"""Parts that LibreOffice and Numbers write."""
MAX_COLUMNS: Final = 16_384
"""Of a sheet in Excel."""
DAYS_TO_1904: Final = 1_462

Shown = tuple[str, RowProblem | None]
"""A cell's text as people see it; if that is not certain, something to recognise it by, and the problem."""


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet in the order of the tabs."""

    name: str
    part: str
    is_visible: bool


@dataclass
class Workbook:
    """An open workbook."""

    package: Package
    sheets: list[SheetPart]
    formats: list[str]
    """Number formats by style."""
    conditional: frozenset[int] = frozenset()
    """The formats for conditions that change how numbers are shown."""
    strings_part: str = ""
    days: int = 0
    """Days from Excel's first day to the workbook's: old ones for the Macintosh count from 1904."""
    careful: bool = False

    @cached_property
    def strings(self) -> list[str]:
        """The texts that cells refer to."""
        if self.strings_part not in self.package.parts:
            return []
        with self.package.open(self.strings_part) as file:
            return read_strings(file, careful=self.careful)

    @cached_property
    def text_styles(self) -> frozenset[str]:
        """Styles that show a text as it is."""
        return self._styles(lambda form: (number_formats.shown_text("x", form) or "").strip() == "x")

    @cached_property
    def number_styles(self) -> frozenset[str]:
        """Styles that show a usual number as it is."""
        return self._styles(lambda form: form in number_formats.BUILT_IN.values())

    def hidden_columns(self, sheet: SheetPart) -> frozenset[int]:
        """Read which columns a sheet hides."""
        numbers = set[int]()
        for _, name, values in self.package.elements(sheet.part):
            if name == "sheetData":
                break
            if name == "col" and (values.get("hidden") in TRUE or float(values.get("width", 1)) == 0):
                first, last = int(values["min"]), min(int(values["max"]), MAX_COLUMNS)
                numbers.update(range(first, last + 1))
        return frozenset(numbers)

    def shared_texts(self, cells: Sequence[ColumnCell], first: int, last: int) -> list[str] | None:
        """Look up a column of shared texts, as most are; None if `shown` has to judge each cell."""
        if not cells or len(cells) != last - first + 1:
            return None
        rows, styles, kinds, references = zip(*cells, strict=True)
        if (
            rows != tuple(range(first, last + 1))
            or set(kinds) != {"s"}
            or not self.text_styles.issuperset(styles)
            or not ("".join(references).isdecimal() and all(references))
        ):
            return None
        return list(map(self.strings.__getitem__, map(int, references)))

    def shown(self, style: str, kind: str, raw: str) -> Shown:
        """Return what people see in a cell; raises IndexError for a text that the workbook does not have."""
        if kind == "s" and raw.isdecimal():
            text = self.strings[int(raw)]
            return (text, None) if style in self.text_styles else self._text(text, style)
        if kind == UNCALCULATED:
            return "=…", RowProblem.EMPTY
        if not raw:
            return "", None
        if kind in TEXTS:
            return self._text(unescaped(raw), style)
        match kind:
            case "e":
                return raw, RowProblem.ERROR
            case "b":
                return str(raw.strip() in TRUE).upper(), RowProblem.UNCERTAIN
            case "" | "n" if NUMBER.fullmatch(raw):
                return self._number(raw, style)
        return raw, RowProblem.UNCERTAIN

    def _text(self, text: str, style: str) -> Shown:
        if style in self.text_styles or not text:
            return text, None
        shown = number_formats.shown_text(text, self._format(style))
        return (text, RowProblem.UNCERTAIN) if shown is None else (shown, None)

    def _number(self, raw: str, style: str) -> Shown:
        if PLAIN_NUMBER(raw) and style in self.number_styles:
            return raw, None
        value, form = float(raw), self._format(style)
        shown = number_formats.shown_number(value, form)
        if shown is not None:
            return shown, None
        number = number_formats.whole(value)
        is_shortened = number is None or form in {GENERAL, number_formats.TEXT}
        is_date = number_formats.is_date(form)
        problem = RowProblem.SHORTENED if is_shortened and not is_date else RowProblem.UNCERTAIN
        return number_formats.written_number(value, form, days=self.days), problem

    def _format(self, style: str) -> str:
        at = int(style or 0)
        if not self.formats and not at:
            return GENERAL
        return self.formats[at] if at < len(self.formats) else OTHER_BUILT_IN

    def _styles(self, fits: Callable[[str], bool]) -> frozenset[str]:
        """Return the styles whose format fits; a cell without a style has the first."""
        styles = {str(style) for style, form in enumerate(self.formats or [GENERAL]) if fits(form)}
        return frozenset({*styles, ""} if "0" in styles else styles)


def open_workbook(data: bytes, *, careful: bool = False) -> Workbook:
    """Open a workbook; raise FileError if it is bad, encrypted, far too large or none."""
    package = open_package(data)
    part = next(
        (target.part for target in package.targets("").values() if target.kind == DOCUMENT), MAIN_PART
    )
    if part.endswith(".bin") or not OTHER_PROGRAMS.isdisjoint(package.parts):
        raise FileError(FileProblem.OTHER_WORKBOOK)
    if part not in package.parts:
        raise FileError(FileProblem.KIND)
    targets = package.targets(part)
    sheets, days, root = list[SheetPart](), 0, ""
    for _, name, values in package.elements(part):
        root = root or name
        target = targets.get(values.get("id", ""))
        if name == "sheet" and target and target.kind == "worksheet":
            is_visible = values.get("state", "visible") == "visible"
            sheets.append(SheetPart(unescaped(values.get("name", "")), target.part, is_visible))
        elif name == "workbookPr" and values.get("date1904") in TRUE:
            days = DAYS_TO_1904
    if root != "workbook":
        raise FileError(FileProblem.KIND)
    folder = posixpath.dirname(part)
    usual = {kind: posixpath.join(folder, f"{kind}.xml".casefold()) for kind in ("styles", "sharedStrings")}
    shared = {**usual, **{target.kind: target.part for target in targets.values()}}
    formats, conditional = _formats(package, shared["styles"])
    return Workbook(package, sheets, formats, conditional, shared["sharedStrings"], days, careful)


def _formats(package: Package, part: str) -> tuple[list[str], frozenset[int]]:
    """Read the number format of each style, and the formats for conditions that have one."""
    formats, ids = dict[int, str](), list[int]()
    conditions, conditional = 0, set[int]()
    for parent, name, values in package.elements(part) if part in package.parts else ():
        if name == "dxf":
            conditions += 1
        elif name == "numFmt" and parent == "dxf":
            conditional.add(conditions - 1)
        elif name == "numFmt":
            formats[int(values["numFmtId"])] = unescaped(values["formatCode"])
        elif name == "xf" and parent == "cellXfs":
            ids.append(int(values.get("numFmtId", 0)))
    for number, form in number_formats.BUILT_IN.items():
        formats[number] = form if formats.get(number, form) == form else OTHER_BUILT_IN
    dates = dict.fromkeys(number_formats.DATES_BUILT_IN, number_formats.DATE_BUILT_IN)
    known = {**dates, **formats}
    return [known.get(each, OTHER_BUILT_IN) for each in ids], frozenset(conditional)
