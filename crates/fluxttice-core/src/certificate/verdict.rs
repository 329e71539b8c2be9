//! The verdict on a certificate: one word, the findings behind it, and who signed.

use std::fmt;

use serde::Serialize;

use super::render::THIS;
use super::statement::Statement;
use crate::run::names::{JOURNAL, METRICS, OPTIMIZER, STATE};
use crate::shown::printable;

/// Number of reasons that the first line names.
const REASONS: usize = 3;
/// Longest text of a difference on the first line, in characters.
const BRIEF: usize = 48;
/// Longest text that a finding keeps, in characters.
const LONGEST: usize = 1_000;

/// The verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Everything that can be checked was checked and holds.
    Valid,
    /// Everything that was checked holds, but something was not checked.
    ValidBut,
    /// Something that was checked does not hold.
    Invalid,
    /// The folder holds no certificate, or none that this version can check.
    NotACertificate,
}

impl Word {
    /// Returns the symbol that stands before the word on the screen.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Valid => "✓",
            Self::ValidBut => "○",
            Self::Invalid | Self::NotACertificate => "✖",
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "VALID",
            Self::ValidBut => "VALID, BUT",
            Self::Invalid => "INVALID",
            Self::NotACertificate => "NOT A CERTIFICATE",
        })
    }
}

/// Result of one check. All texts are safe to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Name of what was checked: a file, a figure or a field.
    pub name: String,
    /// True if the check holds.
    pub ok: bool,
    /// Value that the certificate states.
    pub expected: String,
    /// Value that was found instead, or the same one.
    pub found: String,
}

impl Found {
    /// Describes the difference in short, for the first line.
    fn reason(&self) -> String {
        let [name, expected, found] =
            [&self.name, &self.expected, &self.found].map(|text| brief(text, BRIEF));
        format!("{name} (expected {expected}, found {found})")
    }
}

/// One thing that was not checked. All texts are safe to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// Name of what was not checked.
    pub name: String,
    /// Clause that says what was not checked and why.
    pub reason: String,
}

/// One thing that a certificate states and nobody can measure. All texts are safe to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// Name of the claim, as `run: name`.
    pub name: String,
    /// Stated value.
    pub stated: String,
}

/// Result of the check of a certificate.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Everything that was checked, in the order of checking.
    pub checks: Vec<Found>,
    /// Everything that was not checked, in the order in which it came up.
    pub unchecked: Vec<Unchecked>,
    /// Reason why it is no certificate that this version can check; `None` where it is one.
    pub foreign: Option<String>,
    /// Clause for people that says who signed the statement, or that nobody did.
    pub signature: String,
    /// SHA-256 of the public key that signed this statement; `None` where no signature was found good.
    pub signed_by: Option<String>,
    /// True if the user asked to leave measuring out.
    pub sums_only: bool,
    /// Statement of the certificate; `None` where it cannot be read.
    pub statement: Option<Statement>,
    /// Version that made the certificate, where this program does not know that version.
    pub other_version: Option<String>,
}

impl Verdict {
    /// Returns the verdict in one word.
    pub fn word(&self) -> Word {
        if self.failed().next().is_some() {
            Word::Invalid
        } else if self.foreign.is_some() {
            Word::NotACertificate
        } else if self.unchecked.is_empty() {
            Word::Valid
        } else {
            Word::ValidBut
        }
    }

    /// Returns the verdict in one line, with the first of its reasons.
    pub fn headline(&self) -> String {
        let (word, all) = (self.word(), self.checks.len());
        match word {
            Word::Valid => format!("{word}: {all} checks passed, every figure measured again"),
            Word::ValidBut => {
                let reasons = self
                    .unchecked
                    .iter()
                    .map(|unchecked| unchecked.reason.clone());
                let advice = match self.other_version {
                    Some(_) => "; believe certificate.json",
                    None => "",
                };
                format!("{word} {}{advice}", first(reasons))
            }
            Word::Invalid => {
                let reasons = first(self.failed().map(Found::reason));
                let failed = self.failed().count();
                format!("{word}: {failed} of {all} checks failed: {reasons}")
            }
            Word::NotACertificate => {
                format!("{word}: {}", self.foreign.as_deref().unwrap_or_default())
            }
        }
    }

    /// Returns true if everything holds that the user asked to check.
    pub fn ok(&self) -> bool {
        match self.word() {
            Word::Valid => true,
            Word::ValidBut => self.sums_only,
            Word::Invalid | Word::NotACertificate => false,
        }
    }

    /// Returns the checks that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = &Found> {
        self.checks.iter().filter(|check| !check.ok)
    }

    /// Returns everything that is stated and cannot be measured, so that only a signature speaks for it.
    pub fn claims(&self) -> Vec<Claim> {
        let Some(statement) = &self.statement else {
            return Vec::new();
        };
        let predicate = &statement.predicate;
        let (run, tool) = (&predicate.run, &predicate.tool);
        let stated = [
            ("made", Some(&predicate.made)),
            ("run: name", Some(&run.name)),
            ("run: parent", run.parent.as_ref()),
            ("tool: name", Some(&tool.name)),
            ("tool: version", Some(&tool.version)),
            ("tool: commit", Some(&tool.commit)),
            ("tool: compiler", Some(&tool.compiler)),
            ("tool: lockfile", Some(&tool.lockfile)),
        ];
        let told = [METRICS, JOURNAL, STATE, OPTIMIZER].map(|name| {
            let mut subjects = statement.subject.iter();
            let subject = subjects.find(|subject| subject.name == name);
            (name, subject.map(|subject| &subject.digest.sha256))
        });
        let claims = stated.into_iter().chain(told);
        claims
            .filter_map(|(name, stated)| Some((name.to_owned(), safe(stated?))))
            .map(|(name, stated)| Claim { name, stated })
            .collect()
    }

    pub(super) fn compare(
        &mut self,
        name: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let (expected, found) = (expected.into(), found.into());
        let ok = expected == found;
        self.add(name, ok, expected, found);
    }

    pub(super) fn add(
        &mut self,
        name: impl Into<String>,
        ok: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        self.checks.push(Found {
            name: safe(&name.into()),
            ok,
            expected: safe(&expected.into()),
            found: safe(&found.into()),
        });
    }

    /// Records why this is no certificate that this version can check.
    pub(super) fn is_foreign(&mut self, problem: &str) {
        self.foreign = Some(safe(problem));
    }

    /// Records something that was not checked; `reason` is a clause that names it.
    pub(super) fn leave(&mut self, name: &str, reason: &str) {
        self.unchecked.push(Unchecked {
            name: safe(name),
            reason: safe(reason),
        });
    }

    /// Records a part that another version may rightly make otherwise. A difference counts as unchecked where
    /// another version made the certificate, and as failed under a version that this program knows.
    pub(super) fn version_dependent(
        &mut self,
        name: &str,
        ok: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        match &self.other_version {
            Some(version) if !ok => {
                let version = brief(version, BRIEF);
                let reason = format!(
                    "{name} could not be checked: version {version} made it, this is {THIS}"
                );
                self.leave(name, &reason);
            }
            _ => self.add(name, ok, expected, found),
        }
    }
}

/// Joins the first few reasons, and says how many more there are.
fn first(reasons: impl Iterator<Item = String>) -> String {
    let mut reasons: Vec<String> = reasons.collect();
    let more = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    let mut reasons: Vec<String> = reasons
        .iter()
        .map(|reason| brief(reason, 5 * BRIEF))
        .collect();
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons.join("; ")
}

/// Makes a foreign text safe to be shown anywhere.
fn safe(text: &str) -> String {
    printable(&brief(text, LONGEST)).into_owned()
}

/// Cuts a text to at most `most` characters, and marks a cut by `…`.
fn brief(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
