"""What inference gives: findings with their evidence, and a drafted declaration."""

from dataclasses import dataclass, field
from typing import Any, Literal

Confidence = Literal["high", "medium", "low", "none"]


@dataclass(frozen=True)
class Finding:
    """One thing found in a file.

    Attributes:
        what: of the file, such as ``encoding`` or ``datum (names)``.
        value: what was found, or ``undecided``.
        evidence: the numbers it rests on.
        confidence: ``none`` where the evidence decides nothing.
    """

    what: str
    value: str
    evidence: str
    confidence: Confidence = "high"


@dataclass
class Notes:
    """Findings and warnings, gathered on the way."""

    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, what: str, value: str, evidence: str, confidence: Confidence = "high") -> None:
        """Note a finding."""
        self.findings.append(Finding(what, value, evidence, confidence))

    def warn(self, text: str) -> None:
        """Note what a person should look at."""
        self.warnings.append(text)


@dataclass(frozen=True)
class Draft:
    """A drafted declaration.

    Attributes:
        yaml: its text, with comments.
        content: what the text holds, as ``yaml.safe_load`` gives it.
        findings: what the draft rests on.
        warnings: what a person should look at before the draft is used.
    """

    yaml: str
    content: dict[str, Any]
    findings: list[Finding]
    warnings: list[str]

    def finding(self, what: str) -> Finding | None:
        """The finding of that name, or None."""
        return next((finding for finding in self.findings if finding.what == what), None)
