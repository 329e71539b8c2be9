//! `requests/`: what others ask of a run, looked at by its trainer.
//!
//! A file is opened without following links and without waiting, and looked at before anything of it is used.
//! What is no request goes to `refused/`. A request is answered once, by a line of the journal with its
//! identifier; its file is removed after that. A file whose identifier stands in the journal was answered
//! before the trainer was killed.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::is_id;
use super::place::{Found, Names, NotRead, Place};
use super::process::{shown_claim, user_name};
use super::request_file::{ENDING, LIMIT, RequestFile, file_name, refusal};
use crate::request::{Command, Requester};
use crate::run::names::{REFUSED, REQUESTS};
use crate::run::owner::SCRATCH;
use crate::shown::{printable, shown_name};

/// Most names that are looked at in one look.
const LOOKS: usize = 64;
/// Most files that are kept of those that were no requests.
const KEPT: usize = 100;
/// Longest part of a name that is kept in `refused/`, in characters.
const NAME: usize = 80;
/// Age from which a file that is never finished is swept.
const UNFINISHED: Duration = Duration::from_mins(1);
/// Most names that are remembered as impossible to move.
const STUCK: usize = 1024;

/// A request that has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Whoever sent it.
    pub requester: Requester,
    /// What is asked for.
    pub command: Command,
    /// Reason why it is refused whatever the state of the run; `None` where it is to be tried.
    pub refused: Option<String>,
}

/// What one look into the folder found.
#[derive(Debug, Default)]
pub struct Look {
    /// Requests, in the order of their identifiers.
    pub arrived: Vec<Arrival>,
    /// Number of things that were no requests and were moved to `refused/`.
    pub moved: u32,
    /// Name and reason of the first of them, for people.
    pub first: Option<String>,
    /// Reason why the folder cannot be looked into, where that is new.
    pub problem: Option<String>,
}

/// The requests of a run, as its trainer sees them.
#[derive(Debug)]
pub struct Inbox {
    path: PathBuf,
    sessions: Vec<String>,
    allow_group: bool,
    /// Names that the look before left over.
    names: Option<Names>,
    /// Identifiers that the journal has.
    answered: HashSet<String>,
    /// Identifiers that were handed on and have no line in the journal yet.
    taken: HashSet<String>,
    /// Names that could be neither read nor moved.
    stuck: HashSet<OsString>,
    /// Problem with the folder that was told last.
    problem: Option<String>,
}

impl Inbox {
    /// Makes the inbox of a run for the requests of these sessions; `answered` are the identifiers that its journal
    /// has.
    pub fn new(
        run: &Path,
        sessions: Vec<String>,
        allow_group: bool,
        answered: HashSet<String>,
    ) -> Self {
        Self {
            path: run.to_owned(),
            sessions,
            allow_group,
            names: None,
            answered,
            taken: HashSet::new(),
            stuck: HashSet::new(),
            problem: None,
        }
    }

    /// Looks at some of what lies in the folder of requests, at 64 names at most. The folder is made where it
    /// is not there. `now` is the time by the clock of the file system: another machine's may differ from this
    /// one's.
    pub fn look(&mut self, run: &Place, now: SystemTime) -> Look {
        let mut look = Look::default();
        let requests = match run.subfolder(REQUESTS) {
            Ok(requests) => requests,
            Err(error) => {
                let problem = format!("requests are not taken: {REQUESTS}: {error}");
                if self.problem.as_ref() != Some(&problem) {
                    self.problem = Some(problem.clone());
                    look.problem = Some(problem);
                }
                return look;
            }
        };
        self.problem = None;
        let mut odd = Vec::new();
        for name in self.next_names(&requests) {
            if let Some(problem) = self.look_at(&requests, &name, now, &mut look.arrived) {
                odd.push((name, problem));
            }
        }
        if !odd.is_empty() {
            self.move_aside(run, &requests, odd, &mut look);
        }
        look.arrived
            .sort_by(|one, other| one.requester.id.cmp(&other.requester.id));
        look
    }

    /// Removes the file of a request whose answer is in the journal.
    pub fn answered(&mut self, run: &Place, id: &str) {
        self.taken.remove(id);
        self.answered.insert(id.to_owned());
        if let Ok(requests) = run.existing(REQUESTS) {
            // One that stays is recognised by its identifier.
            let _ = requests.remove(file_name(id));
        }
    }

    /// Returns the next names in the folder. What a look leaves over comes in the next one, so that no number
    /// of other files keeps a request from being seen.
    fn next_names(&mut self, requests: &Place) -> Vec<OsString> {
        let names = self.names.take().or_else(|| requests.names().ok());
        let Some(mut names) = names else {
            return Vec::new();
        };
        let found: Vec<OsString> = names.by_ref().take(LOOKS).collect();
        self.names = (found.len() == LOOKS).then_some(names);
        found
    }

    /// Looks at what has a name; returns what is wrong with it where it is no request.
    fn look_at(
        &mut self,
        requests: &Place,
        name: &OsStr,
        now: SystemTime,
        arrived: &mut Vec<Arrival>,
    ) -> Option<String> {
        let text = name.to_string_lossy();
        let is_unfinished = text.ends_with(SCRATCH) && !sweep(requests, name, now);
        if is_unfinished || self.stuck.contains(name) {
            return None;
        }
        match text.strip_suffix(ENDING).filter(|id| is_id(id)) {
            None => Some("its name is no identifier with `.json`".to_owned()),
            Some(id) if self.answered.contains(id) => {
                // Killed between the journal's line and this.
                let _ = requests.remove(name);
                None
            }
            Some(id) if self.taken.contains(id) => None,
            Some(id) => match requests.read(name, LIMIT) {
                Err(NotRead::Gone) => None,
                Err(NotRead::Unfit(found)) => Some(format!("expected a plain file, found {found}")),
                Err(NotRead::Refused(error)) => Some(error.to_string()),
                Ok(found) => match self.arrival(id, &found, now) {
                    Ok(arrival) => {
                        self.taken.insert(id.to_owned());
                        arrived.push(arrival);
                        None
                    }
                    Err(problem) => Some(problem),
                },
            },
        }
    }

    fn arrival(&self, id: &str, found: &Found, now: SystemTime) -> Result<Arrival, String> {
        let allowed = match found.owner {
            None | Some(0) => true,
            Some(owner) => self.allow_group || is_own(owner),
        };
        if !allowed {
            let owner = found.owner.unwrap_or(0);
            let name = user_name(owner).unwrap_or_default();
            return Err(format!(
                "it belongs to another user ({owner} {name}); --allow-group would take it"
            ));
        }
        let file = RequestFile::parse(id, &found.bytes)?;
        let requester = Requester {
            id: id.to_owned(),
            uid: found.owner,
            owner: found.owner.and_then(user_name),
            claim: shown_claim(&file.author),
        };
        let refused = match refusal(&file.command) {
            Some(reason) => Some(reason.to_owned()),
            None if !self.sessions.contains(&file.session) => {
                Some("too late: it was asked of another session".to_owned())
            }
            None => too_old(now, found.changed, file.wait_s),
        };
        Ok(Arrival {
            requester,
            command: file.command,
            refused,
        })
    }

    /// Moves what is no request to `refused/`, of which the newest are kept.
    fn move_aside(
        &mut self,
        run: &Place,
        requests: &Place,
        odd: Vec<(OsString, String)>,
        look: &mut Look,
    ) {
        let refused = run.subfolder(REFUSED).ok();
        for (name, problem) in odd {
            let moved = refused.as_ref().is_some_and(|refused| {
                let to = super::new_id().map(|id| format!("{id}-{}", plain(&name)));
                to.is_ok_and(|to| requests.move_to(&name, refused, &to).is_ok())
            });
            if moved {
                look.moved += 1;
                let first = || format!("{}: {}", shown_name(&name), printable(&problem));
                look.first.get_or_insert_with(first);
            } else if self.stuck.len() < STUCK {
                self.stuck.insert(name);
            }
        }
        let Some(refused) = refused else {
            return;
        };
        let mut there: Vec<OsString> = refused.names().map(Iterator::collect).unwrap_or_default();
        there.sort();
        for old in there.iter().take(there.len().saturating_sub(KEPT)) {
            if refused.remove(old).is_err() {
                // A folder. It is removed without following links.
                let _ = fs::remove_dir_all(self.path.join(REFUSED).join(old));
            }
        }
    }
}

/// Returns a name with nothing in it that a terminal or a shell acts on.
fn plain(name: &OsStr) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '_',
    };
    let text = name.to_string_lossy();
    text.chars().take(NAME).map(plain).collect()
}

/// Returns a refusal where a request has waited longer than it may.
fn too_old(now: SystemTime, sent: SystemTime, wait_s: f64) -> Option<String> {
    let waited = now.duration_since(sent).unwrap_or_default().as_secs_f64();
    (waited > wait_s)
        .then(|| format!("too late: it waited {waited:.0} s, and may wait {wait_s:.0} s"))
}

/// Removes a file that was begun long ago and never finished; returns true if it is in the way and stays.
fn sweep(requests: &Place, name: &OsStr, now: SystemTime) -> bool {
    let age = |began| now.duration_since(began).unwrap_or_default();
    let is_old = |began| age(began) > UNFINISHED;
    requests.changed(name).is_ok_and(is_old) && requests.remove(name).is_err()
}

/// Returns true for the number of this program's user.
fn is_own(user: u32) -> bool {
    #[cfg(unix)]
    return user == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    {
        let _ = user;
        true
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::request::Claim;
    use crate::run::names::REQUESTS;

    fn inbox(run: &Path) -> (Inbox, Place) {
        let place = Place::open(run).unwrap();
        let mut inbox = Inbox::new(run, vec!["S".to_owned()], false, HashSet::new());
        assert!(inbox.look(&place, SystemTime::now()).arrived.is_empty());
        (inbox, place)
    }

    fn post(run: &Path, session: &str, command: Command) -> RequestFile {
        let request = RequestFile::new(session, Claim::default(), command).unwrap();
        put(run, &request);
        request
    }

    fn put(run: &Path, request: &RequestFile) {
        let text = serde_json::to_vec(request).unwrap();
        let folder = Place::open(&run.join(REQUESTS)).unwrap();
        folder.put(&request.file_name(), &text).unwrap();
    }

    #[test]
    fn a_request_is_handed_on_once_and_its_file_goes_with_its_answer() {
        let home = tempfile::tempdir().unwrap();
        let (mut inbox, place) = inbox(home.path());
        let first = post(home.path(), "S", Command::Pause);
        let arrived = inbox.look(&place, SystemTime::now()).arrived;
        assert_eq!((arrived.len(), &arrived[0].requester.id), (1, &first.id));
        assert_eq!(arrived[0].refused, None);
        assert!(
            inbox.look(&place, SystemTime::now()).arrived.is_empty(),
            "it is taken already"
        );
        let file = home.path().join(REQUESTS).join(first.file_name());
        assert!(file.exists());
        inbox.answered(&place, &first.id);
        assert!(!file.exists());
        put(home.path(), &first);
        assert!(
            inbox.look(&place, SystemTime::now()).arrived.is_empty() && !file.exists(),
            "answered once"
        );
    }

    #[test]
    fn what_the_journal_has_is_not_done_again_and_another_sessions_is_too_late() {
        let home = tempfile::tempdir().unwrap();
        let (_, place) = inbox(home.path());
        let done = post(home.path(), "S", Command::Pause);
        let late = post(home.path(), "before", Command::Resume);
        let odd = post(home.path(), "S", Command::Encode);
        let mut inbox = Inbox::new(
            home.path(),
            vec!["S".to_owned()],
            false,
            [done.id.clone()].into(),
        );
        let arrived = inbox.look(&place, SystemTime::now()).arrived;
        let refused: Vec<_> = arrived
            .iter()
            .map(|arrival| (&arrival.requester.id, arrival.refused.clone().unwrap()))
            .collect();
        assert_eq!(refused.len(), 2);
        assert!(refused[0].0 == &late.id && refused[0].1.contains("another session"));
        assert!(refused[1].0 == &odd.id && refused[1].1.contains("checkpoint"));
        assert!(!home.path().join(REQUESTS).join(done.file_name()).exists());
    }

    #[test]
    fn a_request_that_waited_too_long_is_refused_by_the_file_systems_clock() {
        let home = tempfile::tempdir().unwrap();
        let (mut inbox, place) = inbox(home.path());
        let request = post(home.path(), "S", Command::Pause);
        let later = SystemTime::now() + Duration::from_mins(2);
        let arrived = inbox.look(&place, later).arrived;
        let refused = arrived[0].refused.as_ref().unwrap();
        assert!(refused.contains("may wait 60 s"), "{refused}");
        assert_eq!(arrived[0].requester.id, request.id);
    }

    #[test]
    fn requests_of_the_session_before_are_taken_where_it_left_the_run() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::open(home.path()).unwrap();
        let sessions = ["before", "now"].map(str::to_owned).to_vec();
        let mut inbox = Inbox::new(home.path(), sessions, false, HashSet::new());
        inbox.look(&place, SystemTime::now());
        for session in ["before", "now", "other"] {
            post(home.path(), session, Command::Pause);
        }
        let arrived = inbox.look(&place, SystemTime::now()).arrived;
        let refused = arrived.iter().map(|arrival| arrival.refused.is_some());
        assert!(refused.eq([false, false, true]));
    }

    #[test]
    fn what_is_begun_is_left_alone_and_swept_when_it_is_old_whatever_it_is() {
        let home = tempfile::tempdir().unwrap();
        let (mut inbox, place) = inbox(home.path());
        let folder = home.path().join(REQUESTS);
        fs::write(folder.join("file.tmp"), "{").unwrap();
        fs::create_dir_all(folder.join("folder.tmp/deep")).unwrap();
        assert_eq!(inbox.look(&place, SystemTime::now()).moved, 0);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        let later = SystemTime::now() + 2 * UNFINISHED;
        assert_eq!(inbox.look(&place, later).moved, 1);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn whatever_else_lies_there_is_moved_aside_and_hides_no_request() {
        let home = tempfile::tempdir().unwrap();
        let (mut inbox, place) = inbox(home.path());
        let folder = home.path().join(REQUESTS);
        for number in 0..150 {
            fs::write(folder.join(format!("junk\u{1b}[31m{number}")), "x").unwrap();
        }
        let id = || format!("{}{ENDING}", super::super::new_id().unwrap());
        symlink("/etc/passwd", folder.join(id())).unwrap();
        fs::rename(crate::files::tests::pipe_in(&folder), folder.join(id())).unwrap();
        fs::create_dir_all(folder.join(id()).join("deep")).unwrap();
        let large = fs::File::create(folder.join(id())).unwrap();
        large.set_len(1 << 30).unwrap();
        fs::write(folder.join(id()), "[".repeat(10_000)).unwrap();
        let request = post(home.path(), "S", Command::Pause);
        let (mut moved, mut arrived) = (0, Vec::new());
        for _ in 0..4 {
            let look = inbox.look(&place, SystemTime::now());
            assert!(look.moved as usize <= LOOKS);
            moved += look.moved;
            arrived.extend(look.arrived);
        }
        assert_eq!(moved, 155);
        assert_eq!(arrived.len(), 1);
        assert_eq!(arrived[0].requester.id, request.id);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let refused = fs::read_dir(home.path().join(REFUSED)).unwrap();
        assert_eq!(refused.count(), KEPT);
        assert!(fs::exists("/etc/passwd").unwrap());
    }

    #[test]
    fn a_folder_that_is_a_link_is_not_entered_and_that_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), home.path().join(REQUESTS)).unwrap();
        let place = Place::open(home.path()).unwrap();
        let mut inbox = Inbox::new(home.path(), vec!["S".to_owned()], false, HashSet::new());
        assert!(
            inbox
                .look(&place, SystemTime::now())
                .problem
                .unwrap()
                .contains("not taken")
        );
        assert_eq!(inbox.look(&place, SystemTime::now()).problem, None);
    }
}
