# SPDX-License-Identifier: Apache-2.0
"""Just enough reading of C++ for tools/tidy: code without comments and literals, its includes,
and where its functions begin and end. A heuristic, not a parser: it sees text, not types."""

import re

_TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<raw>R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+')",
    re.S,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b[^()]*$|\bextern\s*$")
_CONTROL = re.compile(r"^\s*(?:if|for|while|switch|catch|do|else|try|return)\b")
_MEMBER_INIT = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:).*[\w>]$", re.S)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """The text with comments and literals blanked; lines and columns stay."""
    return _TOKEN.sub(lambda match: _blank(match.group(0)), text)


def comment_lines(text):
    """How many lines hold a comment."""
    lines = set()
    for match in _TOKEN.finditer(text):
        if match.group("comment"):
            first = text.count("\n", 0, match.start())
            lines.update(range(first, first + match.group(0).count("\n") + 1))
    return len(lines)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    """[(line, '<' or '"', name)]"""
    return [(line_of(text, m.start(1)), m.group(1), m.group(2)) for m in _INCLUDE.finditer(text)]


def functions(text):
    """[(first line, number of lines)] of function bodies with their signatures, lambdas excluded."""
    code = _DIRECTIVE.sub(lambda match: _blank(match.group(0)), code_only(text))
    found, position, start = [], 0, 0
    while True:
        match = re.compile(r"[;{}]").search(code, position)
        if not match:
            return found
        position = match.end()
        if match.group(0) != "{":
            start = position
            continue
        head = code[start:match.start()]
        if _MEMBER_INIT.search(head.rstrip()) and not head.rstrip().endswith(")"):
            if not re.search(r"\)\s*(?:const|noexcept|override|final)\s*$", head):
                position = _closing(code, match.start())
                continue
        if _is_function(head):
            end = _closing(code, match.start())
            begin = start + len(head) - len(head.lstrip())
            # Labels such as "public:" come before the signature.
            label = re.match(r"\s*(?:public|private|protected)\s*:", code[start:])
            if label:
                rest = code[start + label.end():]
                begin = start + label.end() + len(rest) - len(rest.lstrip())
            found.append((line_of(code, begin), code.count("\n", begin, end) + 1))
            position = start = end
        elif _SCOPE.search(head):
            start = position
        else:
            # A braced value, as in "int x{1};": part of the statement around it.
            position = _closing(code, match.start())


def _is_function(head):
    head = head.strip()
    if ")" not in head or head.endswith("=") or _CONTROL.match(head):
        return False
    if re.search(r"=\s*(?:\[|[^()=<>!]*$)", head) and not re.search(r"operator", head):
        return False
    # A return type such as "struct X f()" still has its parentheses last.
    return bool(re.search(r"\)[^()=;]*$", head))


def _closing(code, opening):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.end()
    return len(code)
