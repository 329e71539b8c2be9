//! Key table: dispatch, the bottom line, the help, the palette and the tests read it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Epochs, lines or neighbours of a far step.
pub const FAR: isize = 10;

/// Context in which a binding holds. In a dialog only its own bindings and those of [`Context::Always`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Every pane and every dialog.
    Always,
    /// Every pane, while no dialog is open.
    Everywhere,
    /// The pane *Train*, while no dialog is open.
    Train,
    /// The pane *Coverage*, while no dialog is open.
    Coverage,
    /// The pane *Neighbours*, while no dialog is open.
    Neighbours,
    /// The pane *Runs*, while no dialog is open.
    Runs,
    /// The pane *Evidence*, while no dialog is open.
    Evidence,
    /// The pane *Log*, while no dialog is open.
    Log,
    /// The help dialog.
    Help,
    /// The command palette.
    Palette,
    /// The dialog that asks how to stop.
    Quit,
    /// The disruption dialog.
    Disrupt,
    /// The dialog of the controls, configuration keys that can be changed during training.
    Controls,
    /// A dialog that asks yes or no.
    Question,
    /// A dialog with a line to type a name or a note in.
    Prompt,
    /// The dialog that finds operations.
    Find,
    /// The dialog that chooses a file to write.
    Export,
    /// The dialog of the bookmarks.
    Bookmarks,
    /// The box on the plane, while one is drawn.
    Box,
}

impl Context {
    /// Every context, in the order of the help.
    pub const ALL: [Self; 19] = [
        Self::Everywhere,
        Self::Train,
        Self::Coverage,
        Self::Neighbours,
        Self::Runs,
        Self::Evidence,
        Self::Log,
        Self::Disrupt,
        Self::Controls,
        Self::Find,
        Self::Bookmarks,
        Self::Export,
        Self::Box,
        Self::Prompt,
        Self::Question,
        Self::Palette,
        Self::Quit,
        Self::Help,
        Self::Always,
    ];

    /// Returns true for a context of a dialog, or of a pane that takes keys like one: the keys of every pane
    /// do not hold there.
    pub fn is_of_dialog(self) -> bool {
        !matches!(
            self,
            Self::Always
                | Self::Everywhere
                | Self::Train
                | Self::Coverage
                | Self::Neighbours
                | Self::Runs
                | Self::Evidence
                | Self::Log
        )
    }

    /// Returns the heading in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Always => "always, in dialogs too",
            Self::Everywhere => "in every view",
            Self::Train => "Train",
            Self::Coverage => "Coverage",
            Self::Neighbours => "Neighbours",
            Self::Runs => "Runs",
            Self::Evidence => "Evidence",
            Self::Log => "Log",
            Self::Help => "this help",
            Self::Palette => "command palette",
            Self::Quit => "quit dialog",
            Self::Disrupt => "disruption dialog",
            Self::Controls => "controls",
            Self::Question => "when asked yes or no",
            Self::Find => "finding operations",
            Self::Bookmarks => "bookmarks",
            Self::Export => "writing to a file",
            Self::Box => "box on the plane",
            Self::Prompt => "when asked for a name or a note",
        }
    }
}

/// An action of a key; the key table describes each in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    ShowTrain,
    ShowCoverage,
    ShowNeighbours,
    ShowRuns,
    ShowEvidence,
    ShowLog,
    NextTab,
    PreviousTab,
    TogglePause,
    Disrupt,
    Controls,
    Branch,
    OpenRun,
    MarkRun,
    Measure,
    GiveUp,
    Delete,
    Snapshot,
    Certify,
    Verify,
    CheckRun,
    Export,
    CopyFolder,
    Validate,
    Refresh,
    ToggleMisleading,
    ToggleFreeze,
    FindOperation,
    DropSelection,
    Help,
    Palette,
    Quit,
    Stop,
    Interrupt,
    Suspend,
    Repaint,
    EpochBack,
    EpochForward,
    EpochBackFar,
    EpochForwardFar,
    EpochFirst,
    EpochLast,
    CursorOff,
    ZoomIn,
    ZoomOut,
    ToggleLog,
    ToggleSmooth,
    ChartsUp,
    ChartsDown,
    Left,
    Right,
    Up,
    Down,
    FarUp,
    FarDown,
    RowStart,
    RowEnd,
    MapZoomIn,
    MapZoomOut,
    MapFit,
    ToggleSet,
    NextFilter,
    NextMissing,
    PreviousMissing,
    OpenOperation,
    ListUp,
    ListDown,
    ListFarUp,
    ListFarDown,
    ListFirst,
    ListLast,
    Follow,
    GoBack,
    GoForward,
    Earlier,
    Later,
    SelectMovers,
    Bookmark,
    Bookmarks,
    NextMetric,
    SpaceA,
    SpaceB,
    SpaceBoth,
    ShowOnMap,
    TogglePlane,
    NextColor,
    NextLaw,
    Box,
    StepOn,
    StepBack,
    NextDimension,
    PreviousDimension,
    SelectWithin,
    LogLevel,
    ToggleLibraries,
    FollowLog,
    Close,
    Confirm,
    FinishEpoch,
    LeaveRunning,
    StopNow,
    NextField,
    PreviousField,
    ChoiceBack,
    ChoiceForward,
    Wider,
    Narrower,
    Higher,
    Lower,
    Complete,
}

/// A line of the key table.
#[derive(Debug)]
pub struct Binding {
    /// Context in which the keys have this action.
    pub context: Context,
    /// Keys of the action; the first is shown in hints.
    pub keys: &'static [Key],
    /// Action that the keys perform.
    pub action: Action,
    /// One or two words for the bottom line; empty keeps the action out of there.
    pub hint: &'static str,
    /// Short sentence for help and palette.
    pub help: &'static str,
}

/// A key with the modifiers that are held down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const fn key(code: KeyCode) -> Key {
    Key {
        code,
        modifiers: KeyModifiers::NONE,
    }
}

const fn ch(character: char) -> Key {
    key(KeyCode::Char(character))
}

const fn ctrl(character: char) -> Key {
    Key {
        code: KeyCode::Char(character),
        modifiers: KeyModifiers::CONTROL,
    }
}

const fn shift(code: KeyCode) -> Key {
    Key {
        code,
        modifiers: KeyModifiers::SHIFT,
    }
}

impl Key {
    /// Returns the key press that this key stands for.
    #[cfg(test)]
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// Returns true if a key press is this key. Shift is ignored for characters: it is part of them already.
    fn matches(self, event: &KeyEvent) -> bool {
        let mut held =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            held.remove(KeyModifiers::SHIFT);
        }
        event.code == self.code && held == self.modifiers
    }

    /// Returns the name of the key, such as `Ctrl-P` or `←`.
    pub fn name(self) -> String {
        let code = match self.code {
            KeyCode::Char(' ') => "space".into(),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::F(number) => format!("F{number}"),
            other => format!("{other:?}"),
        };
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            format!("Ctrl-{}", code.to_uppercase())
        } else if self.modifiers.contains(KeyModifiers::SHIFT) {
            format!("Shift-{code}")
        } else {
            code
        }
    }
}

impl Binding {
    /// Returns the names of all keys of the binding, separated by spaces.
    pub fn key_names(&self) -> String {
        self.keys
            .iter()
            .map(|key| key.name())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Returns true if the palette offers the action: any but opening the palette.
    pub fn in_palette(&self) -> bool {
        !matches!(self.action, Action::Palette)
    }
}

macro_rules! table {
    ($($context:ident { $([$($key:expr),+] $action:ident $hint:literal $help:literal)+ })+) => {
        &[$($(Binding {
            context: Context::$context,
            keys: &[$($key),+],
            action: Action::$action,
            hint: $hint,
            help: $help,
        }),+),+]
    };
}

/// Every binding of the program, grouped by context.
pub static TABLE: &[Binding] = table! {
    Always {
        [ctrl('c')] Interrupt "" "ask how to stop; pressed again: stop now and save"
        [ctrl('z')] Suspend "" "leave to the shell and come back with fg (training waits too)"
        [ctrl('l')] Repaint "" "redraw the screen"
    }
    Train {
        [key(KeyCode::Left)] EpochBack "crosshair" "crosshair one epoch back"
        [key(KeyCode::Right)] EpochForward "" "crosshair one epoch forward"
        [shift(KeyCode::Left), key(KeyCode::PageUp)] EpochBackFar "" "move the crosshair ten epochs back"
        [shift(KeyCode::Right), key(KeyCode::PageDown)] EpochForwardFar "" "move the crosshair ten epochs forward"
        [key(KeyCode::Home)] EpochFirst "" "crosshair to the first epoch shown"
        [key(KeyCode::End)] EpochLast "" "crosshair to the newest epoch"
        [key(KeyCode::Esc)] CursorOff "" "remove the crosshair, follow the latest epoch"
        [ch('+'), ch('=')] ZoomIn "zoom" "zoom in: fewer epochs"
        [ch('-')] ZoomOut "" "zoom out: more epochs"
        [key(KeyCode::Up)] ChartsUp "" "earlier charts, where not all fit"
        [key(KeyCode::Down)] ChartsDown "more charts" "further charts, where not all fit"
        [ch('l')] ToggleLog "log loss" "logarithmic or linear scale of the losses"
        [ch('b')] Branch "branch" "start a new run from the checkpoint at or before the crosshair"
        [ch('x')] Export "" "export the charts or their values to a file"
        [ch('S')] ToggleSmooth "" "moving average over five epochs, or every epoch"
    }
    Coverage {
        [key(KeyCode::Left), ch('h')] Left "move" "cursor left"
        [key(KeyCode::Right), ch('l')] Right "" "cursor right"
        [key(KeyCode::Up), ch('k')] Up "" "cursor up"
        [key(KeyCode::Down), ch('j')] Down "" "cursor down"
        [key(KeyCode::PageUp)] FarUp "" "nine rows up"
        [key(KeyCode::PageDown)] FarDown "" "nine rows down"
        [key(KeyCode::Home)] RowStart "" "cursor to the first column"
        [key(KeyCode::End)] RowEnd "" "cursor to the last column"
        [ch('+'), ch('=')] MapZoomIn "zoom" "zoom in"
        [ch('-')] MapZoomOut "" "zoom out"
        [ch('0')] MapFit "" "the closest zoom that shows everything"
        [ch('m')] ToggleSet "argmax/categorical/p" "metric of the map: argmax, categorical or probability"
        [ch('v')] NextFilter "show" "filter: covered, missing, only A, only B; or the VAE of the probabilities"
        [ch('n')] NextMissing "next missing" "cursor to the next missing operation, the next rare one, or the next selected"
        [ch('x')] Export "" "export the map, or the selected or missing operations, to a file"
        [key(KeyCode::Esc)] DropSelection "" "show all operations again, not only those found"
        [ch('N')] PreviousMissing "" "cursor to the previous one of them"
        [key(KeyCode::Enter)] OpenOperation "neighbours" "open the operation under the cursor in Neighbours"
    }
    Neighbours {
        [key(KeyCode::Up), ch('k')] ListUp "choose" "previous neighbour"
        [key(KeyCode::Down), ch('j')] ListDown "" "next neighbour"
        [key(KeyCode::PageUp)] ListFarUp "" "ten neighbours up"
        [key(KeyCode::PageDown)] ListFarDown "" "ten neighbours down"
        [key(KeyCode::Home)] ListFirst "" "nearest neighbour"
        [key(KeyCode::End)] ListLast "" "farthest neighbour listed"
        [key(KeyCode::Enter), key(KeyCode::Right)] Follow "go there" "make the chosen neighbour the centre"
        [ch('['), key(KeyCode::Left), key(KeyCode::Backspace)] GoBack "back" "back to the previous centre"
        [ch(']')] GoForward "" "forward to the next centre"
        [ch('<')] Earlier "time" "codes at the previous saved checkpoint: list and plane as they were then"
        [ch('>')] Later "" "codes at the next saved checkpoint, in the end those of now"
        [ch('w')] SelectMovers "" "select the hundred operations that moved most from then to now"
        [ch('t')] Bookmark "" "save the centre as a bookmark, with a note"
        [ch('\'')] Bookmarks "" "bookmarks and earlier centres"
        [ch('e')] NextMetric "metric" "Euclidean, cosine, 2-Wasserstein, Jeffreys, Hamming or 3-adic distance"
        [ch('a')] SpaceA "A/B" "distances between A's codes"
        [ch('b')] SpaceB "" "distances between B's codes"
        [ch('o')] SpaceBoth "" "distances between the codes of A and B joined, each scaled by its root-mean-square norm"
        [ch('m')] ShowOnMap "on the map" "show the centre in Coverage"
        [ch('p')] TogglePlane "plane" "draw all codes on the plane of their two principal components"
        [ch('v')] NextColor "" "colour the plane by coverage, probability, zeros in the table, a law, distance of A from B, movement, or not"
        [ch('V')] NextLaw "" "colour the plane by the next law"
        [ch('g')] Box "" "draw a box on the plane and select what lies in it"
        [ch('+'), ch('=')] StepOn "walk" "a step on the line to the chosen operation, or along the dimension"
        [ch('-')] StepBack "" "a step back on the line or the dimension"
        [ch('z')] NextDimension "" "walk along a latent dimension, then along the next one"
        [ch('Z')] PreviousDimension "" "walk along the latent dimension before"
        [ch('r')] SelectWithin "" "select every operation that is as near as the chosen one"
        [ch('x')] Export "" "export the list or the planes to a file"
        [key(KeyCode::Esc)] DropSelection "" "list all operations again, not only those found; then codes of now"
    }
    Runs {
        [key(KeyCode::Up), ch('k')] ListUp "choose" "previous run, disruption or experiment"
        [key(KeyCode::Down), ch('j')] ListDown "" "next run, disruption or experiment"
        [key(KeyCode::PageUp)] ListFarUp "" "ten lines up"
        [key(KeyCode::PageDown)] ListFarDown "" "ten lines down"
        [key(KeyCode::Home)] ListFirst "" "the first one"
        [key(KeyCode::End)] ListLast "" "the last one"
        [key(KeyCode::Enter), ch('o')] OpenRun "resume" "leave the current run, with its finished epochs saved, and resume the selected one"
        [ch('b')] Branch "branch" "a new run from the chosen run's newest checkpoint"
        [ch('x')] MarkRun "compare" "add to or remove from the comparison"
        [ch('m')] Measure "measure" "measure the selected disruption: retrain with and without it"
        [ch('g')] GiveUp "" "cancel the running experiment"
        [ch('e')] Export "export" "export the metrics of the run, or the experiment, to a file"
        [ch('v')] CheckRun "" "check the selected run: every file against its digests"
        [key(KeyCode::Delete), ch('D')] Delete "" "move the selected run to the trash"
        [ch('r')] Refresh "" "refresh"
    }
    Evidence {
        [key(KeyCode::Up), ch('k')] ListUp "choose" "previous snapshot or certificate"
        [key(KeyCode::Down), ch('j')] ListDown "" "next snapshot or certificate"
        [key(KeyCode::PageUp)] ListFarUp "" "its details, ten lines up"
        [key(KeyCode::PageDown)] ListFarDown "" "its details, ten lines down"
        [key(KeyCode::Home)] ListFirst "" "the first one"
        [key(KeyCode::End)] ListLast "" "the last one"
        [ch('v'), key(KeyCode::Enter)] Verify "verify" "verify the certificate: files, and every figure measured again"
        [ch('t')] Validate "test" "test whether the model has really learned: beside untrained models and a trivial baseline"
        [ch('e')] CopyFolder "export" "copy its folder to where the program was started"
        [ch('r')] Refresh "" "refresh"
    }
    Log {
        [key(KeyCode::Up), ch('k')] ListUp "scroll" "one line up"
        [key(KeyCode::Down), ch('j')] ListDown "" "one line down"
        [key(KeyCode::PageUp)] ListFarUp "" "ten lines up"
        [key(KeyCode::PageDown)] ListFarDown "" "ten lines down"
        [key(KeyCode::Home), ch('g')] ListFirst "" "oldest line"
        [key(KeyCode::End), ch('G')] FollowLog "newest" "end, follow"
        [ch('w')] LogLevel "level" "minimum level: debug, info, warning, error"
        [ch('x')] Export "" "export the lines to a file"
        [ch('t')] ToggleLibraries "libraries" "show or hide messages of libraries"
    }
    Everywhere {
        [ch(' ')] TogglePause "pause" "pause after this batch, or resume"
        [ch('d')] Disrupt "disrupt" "disrupt ρ, β_B, τ_A or another quantity, and measure the effect"
        [ch(',')] Controls "controls" "everything that can be changed during the run"
        [ch('s')] Snapshot "snapshot" "save the model as it is"
        [ch('c')] Certify "certificate" "measure the model as it is (in Evidence: the chosen snapshot) and certify it"
        [ch('u')] ToggleMisleading "" "show two misleading metrics, labelled as such, in Train and Coverage"
        [ch('f')] ToggleFreeze "freeze" "freeze the display; training continues"
        [ch('/')] FindOperation "find" "find operations: index, trits, name, or laws such as commutative & !associative"
        [ch('1')] ShowTrain "" "charts and values of the run"
        [ch('2')] ShowCoverage "" "map of all operations, and which VAE generates them"
        [ch('3')] ShowNeighbours "" "one operation and the codes nearest to it"
        [ch('4')] ShowRuns "" "every run and branch, disruptions and their effects"
        [ch('5')] ShowEvidence "" "snapshots and certificates, and whether they are valid"
        [ch('6')] ShowLog "" "requests, outcomes and library logs"
        [key(KeyCode::Tab)] NextTab "" "next view"
        [key(KeyCode::BackTab)] PreviousTab "" "previous view"
        [ch('?'), key(KeyCode::F(1))] Help "help" "all keys"
        [ch(':'), ctrl('p')] Palette "commands" "every command by name"
        [ch('Q')] Stop "" "stop training, here or in the process that trains"
        [ch('q')] Quit "quit" "leave; of a run trained here, first ask how"
    }
    Disrupt {
        [key(KeyCode::Enter)] Confirm "do it" "disrupt, from the next batch on"
        [key(KeyCode::Tab), key(KeyCode::Down)] NextField "next field" "next field"
        [key(KeyCode::BackTab), key(KeyCode::Up)] PreviousField "" "previous field"
        [key(KeyCode::Left)] ChoiceBack "choose" "previous kind; in a number, one character left"
        [key(KeyCode::Right)] ChoiceForward "" "next kind; in a number, one character right"
        [key(KeyCode::Esc)] Close "cancel" "do nothing"
    }
    Controls {
        [key(KeyCode::Enter)] Confirm "change" "change the chosen control; then take the value that is typed"
        [key(KeyCode::Down), key(KeyCode::Tab)] ListDown "choose" "next control"
        [key(KeyCode::Up), key(KeyCode::BackTab)] ListUp "" "previous control"
        [key(KeyCode::PageDown)] ListFarDown "" "ten controls down"
        [key(KeyCode::PageUp)] ListFarUp "" "ten controls up"
        [key(KeyCode::Esc)] Close "back" "back to the list, or to the view"
    }
    Question {
        [key(KeyCode::Enter), ch('y')] Confirm "yes" "do it"
        [key(KeyCode::Esc), ch('n'), ch('q')] Close "no" "do nothing"
    }
    Find {
        [key(KeyCode::Enter)] Confirm "take it" "go to the operation, or select all that the expression finds"
        [key(KeyCode::Tab)] Complete "complete" "complete the selected word"
        [key(KeyCode::Down)] NextField "" "next proposal"
        [key(KeyCode::Up)] PreviousField "" "previous proposal"
        [key(KeyCode::Esc)] Close "cancel" "do nothing"
    }
    Bookmarks {
        [key(KeyCode::Enter)] Confirm "go there" "make the chosen place the centre"
        [key(KeyCode::Down), key(KeyCode::Tab)] ListDown "choose" "next place"
        [key(KeyCode::Up), key(KeyCode::BackTab)] ListUp "" "previous place"
        [key(KeyCode::Delete)] Delete "remove" "remove the chosen bookmark"
        [key(KeyCode::Esc)] Close "cancel" "stay where you are"
    }
    Export {
        [key(KeyCode::Enter)] Confirm "write" "write the chosen file to where the program was started"
        [key(KeyCode::Down), key(KeyCode::Tab)] ListDown "choose" "next kind of file"
        [key(KeyCode::Up), key(KeyCode::BackTab)] ListUp "" "previous kind of file"
        [key(KeyCode::Esc)] Close "cancel" "write nothing"
    }
    Box {
        [key(KeyCode::Enter)] Confirm "select" "select the operations whose codes lie in the box"
        [key(KeyCode::Left), ch('h')] Left "move" "move it left"
        [key(KeyCode::Right), ch('l')] Right "" "move it right"
        [key(KeyCode::Up), ch('k')] Up "" "move it up"
        [key(KeyCode::Down), ch('j')] Down "" "move it down"
        [ch('+'), ch('=')] ZoomIn "size" "larger"
        [ch('-')] ZoomOut "" "smaller"
        [shift(KeyCode::Right), ch('>')] Wider "" "wider"
        [shift(KeyCode::Left), ch('<')] Narrower "" "narrower"
        [shift(KeyCode::Up), ch('K')] Higher "" "higher"
        [shift(KeyCode::Down), ch('J')] Lower "" "lower"
        [key(KeyCode::Esc)] Close "cancel" "select nothing"
    }
    Prompt {
        [key(KeyCode::Enter)] Confirm "take it" "take what is typed"
        [key(KeyCode::Esc)] Close "cancel" "do nothing"
    }
    Palette {
        [key(KeyCode::Enter)] Confirm "do it" "run the chosen command"
        [key(KeyCode::Down), key(KeyCode::Tab)] ListDown "choose" "next command"
        [key(KeyCode::Up), key(KeyCode::BackTab)] ListUp "" "previous command"
        [key(KeyCode::Esc)] Close "cancel" "do nothing"
    }
    Quit {
        [ch('f')] FinishEpoch "finish epoch" "finish this epoch, save, stop"
        [ch('s')] StopNow "stop now" "stop after this batch, save; the unfinished epoch is discarded"
        [ch('l')] LeaveRunning "leave it running" "finish this epoch; a process of its own goes on with the run"
        [key(KeyCode::Esc), ch('q')] Close "continue" "continue training"
    }
    Help {
        [key(KeyCode::Down), ch('j')] ListDown "scroll" "one line down"
        [key(KeyCode::Up), ch('k')] ListUp "" "one line up"
        [key(KeyCode::PageDown), ch(' ')] ListFarDown "" "ten lines down"
        [key(KeyCode::PageUp)] ListFarUp "" "ten lines up"
        [key(KeyCode::Esc), ch('?'), ch('q'), key(KeyCode::Enter)] Close "close" "close"
    }
};

/// Returns the binding of a key press in the first of these contexts that has one.
pub fn find(contexts: &[Context], event: &KeyEvent) -> Option<&'static Binding> {
    contexts.iter().find_map(|context| {
        TABLE.iter().find(|binding| {
            binding.context == *context && binding.keys.iter().any(|key| key.matches(event))
        })
    })
}

/// Returns the bindings of one context, in the order of the table.
pub fn of(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE
        .iter()
        .filter(move |binding| binding.context == context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tab;
    use crate::panes::Panes;

    #[test]
    fn no_key_stands_twice_in_one_context() {
        for context in Context::ALL {
            let mut seen: Vec<(Key, Action)> = Vec::new();
            for binding in of(context) {
                for key in binding.keys {
                    let twin = seen.iter().find(|(other, _)| other == key);
                    assert!(
                        twin.is_none(),
                        "{context:?}: {} does two things",
                        key.name()
                    );
                    seen.push((*key, binding.action));
                }
            }
        }
    }

    #[test]
    fn a_view_does_not_hide_what_holds_everywhere() {
        let panes = Panes::default();
        for view in Tab::ALL.map(|tab| panes.of(tab).context()) {
            for everywhere in of(Context::Everywhere) {
                for key in everywhere.keys {
                    assert!(
                        find(&[view], &key.event()).is_none(),
                        "{view:?} hides {}",
                        key.name()
                    );
                }
            }
        }
    }

    #[test]
    fn shift_is_part_of_a_character() {
        let typed = KeyEvent::new(KeyCode::Char('?'), KeyModifiers::SHIFT);
        assert_eq!(
            find(&[Context::Everywhere], &typed).map(|binding| binding.action),
            Some(Action::Help)
        );
        let control = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL);
        assert!(find(&[Context::Everywhere], &control).is_none());
    }

    #[test]
    fn the_whole_table() {
        let mut text = String::new();
        for context in Context::ALL {
            text += &format!("{}\n", context.title());
            for binding in of(context) {
                text += &format!(
                    "  {:<22} {:<18} {}\n",
                    binding.key_names(),
                    binding.hint,
                    binding.help
                );
            }
        }
        insta::assert_snapshot!(text);
    }
}
