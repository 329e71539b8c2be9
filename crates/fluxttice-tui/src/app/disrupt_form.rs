//! A disruption before it is asked for.

use tui_input::Input;

use fluxttice_core::disruption::{Disruption, DisruptionKind, Shape};
use fluxttice_core::experiment::{MAX_HORIZON, MAX_REPETITIONS};

/// Epochs watched behind a disruption unless told otherwise.
const WATCH: u32 = 10;
/// Pairs of arms unless told otherwise.
const REPETITIONS: u32 = 3;

/// Fields of the disruption dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What is pushed.
    Kind,
    /// How far.
    Amplitude,
    /// How long.
    Epochs,
    /// How its strength changes.
    Shape,
    /// How long nothing else is taken afterwards.
    Cooldown,
    /// Whether the run is disrupted, the effect measured, or both.
    Doing,
    /// Epochs watched afterwards.
    Watch,
    /// Pairs of arms.
    Repetitions,
}

impl Field {
    /// Every field, top to bottom.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::Amplitude,
        Self::Epochs,
        Self::Shape,
        Self::Cooldown,
        Self::Doing,
        Self::Watch,
        Self::Repetitions,
    ];

    /// Whether it is chosen, not typed.
    pub fn is_choice(self) -> bool {
        matches!(self, Self::Kind | Self::Shape | Self::Doing)
    }
}

/// What is done with a disruption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// The run is disrupted.
    #[default]
    Disrupt,
    /// The run is disrupted, and its like is trained with and without it.
    Both,
    /// Its like is trained with and without it; the run itself goes on undisturbed.
    Measure,
}

impl Doing {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Disrupt, Self::Both, Self::Measure];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Disrupt => "disrupt",
            Self::Both => "disrupt and measure",
            Self::Measure => "only measure",
        }
    }
}

/// How the effect of a disruption is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measuring {
    /// Epochs watched behind the disruption.
    pub watch: u32,
    /// Pairs of arms.
    pub repetitions: u32,
}

impl Default for Measuring {
    fn default() -> Self {
        Self {
            watch: WATCH,
            repetitions: REPETITIONS,
        }
    }
}

/// The disruption dialog.
#[derive(Clone, Debug)]
pub struct DisruptForm {
    /// Field that takes the keys.
    pub field: Field,
    /// What is pushed.
    pub kind: DisruptionKind,
    /// How far, as typed.
    pub amplitude: Input,
    /// How many epochs, as typed.
    pub epochs: Input,
    /// How its strength changes.
    pub shape: Shape,
    /// How many epochs nothing else is taken, as typed.
    pub cooldown: Input,
    /// What is done with it.
    pub doing: Doing,
    /// How many epochs are watched, as typed.
    pub watch: Input,
    /// How many pairs of arms, as typed.
    pub repetitions: Input,
}

impl Default for DisruptForm {
    fn default() -> Self {
        let kind = DisruptionKind::BetaB;
        Self {
            field: Field::Kind,
            kind,
            amplitude: Input::new(kind.default_amplitude().to_string()),
            epochs: Input::new(kind.default_epochs().to_string()),
            shape: Shape::default(),
            cooldown: Input::new("0".to_owned()),
            doing: Doing::default(),
            watch: Input::new(WATCH.to_string()),
            repetitions: Input::new(REPETITIONS.to_string()),
        }
    }
}

impl DisruptForm {
    /// The line that typed characters go to, if there is one.
    pub(super) fn input(&mut self) -> Option<&mut Input> {
        match self.field {
            Field::Kind | Field::Shape | Field::Doing => None,
            Field::Amplitude => Some(&mut self.amplitude),
            Field::Epochs => Some(&mut self.epochs),
            Field::Cooldown => Some(&mut self.cooldown),
            Field::Watch => Some(&mut self.watch),
            Field::Repetitions => Some(&mut self.repetitions),
        }
    }

    /// The fields in sight: how it is measured only where it is.
    pub fn fields(&self) -> &'static [Field] {
        let all = Field::ALL.as_slice();
        match self.doing {
            Doing::Disrupt => &all[..all.len() - 2],
            Doing::Both | Doing::Measure => all,
        }
    }

    /// Goes to the next or previous field.
    pub fn step(&mut self, forward: bool) {
        self.field = neighbour(self.fields(), self.field, forward);
    }

    /// Takes the next or previous choice of the field that takes the keys.
    pub fn choose(&mut self, forward: bool) {
        match self.field {
            Field::Kind => {
                self.kind = neighbour(&DisruptionKind::ALL, self.kind, forward);
                self.amplitude = Input::new(self.kind.default_amplitude().to_string());
                self.epochs = Input::new(self.kind.default_epochs().to_string());
            }
            Field::Shape => self.shape = neighbour(&Shape::ALL, self.shape, forward),
            Field::Doing => self.doing = neighbour(&Doing::ALL, self.doing, forward),
            _ => {}
        }
    }

    /// The disruption as it stands.
    ///
    /// # Errors
    /// An error names the number that cannot be used, and what could.
    pub fn disruption(&self) -> Result<Disruption, String> {
        let text = format!(
            "{}:amplitude={},epochs={},shape={},cooldown={}",
            self.kind,
            self.amplitude.value().trim().replace(',', "."),
            self.epochs.value().trim().replace(',', "."),
            self.shape,
            self.cooldown.value().trim().replace(',', "."),
        );
        text.parse::<Disruption>()
            .map_err(|error| error.to_string())
    }

    /// How its effect is to be measured, if it is.
    ///
    /// # Errors
    /// An error names the number that cannot be used, and what could.
    pub fn measuring(&self) -> Result<Option<Measuring>, String> {
        if self.doing == Doing::Disrupt {
            return Ok(None);
        }
        let number = |input: &Input, what: &str, most: u32| match input.value().trim().parse() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(format!("{what}: expected a whole number, 1 to {most}")),
        };
        Ok(Some(Measuring {
            watch: number(&self.watch, "watched epochs", MAX_HORIZON / 2)?,
            repetitions: number(&self.repetitions, "repetitions", MAX_REPETITIONS)?,
        }))
    }
}

/// The next or previous of some values, in a circle.
fn neighbour<T: Copy + PartialEq>(all: &[T], at: T, forward: bool) -> T {
    let place = all.iter().position(|one| *one == at).unwrap_or_default();
    let by = if forward { 1 } else { all.len() - 1 };
    all.get((place + by) % all.len()).copied().unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_a_number_says_so() {
        let mut form = DisruptForm::default();
        assert_eq!(
            form.disruption(),
            Ok(Disruption::new(DisruptionKind::BetaB))
        );
        form.amplitude = Input::new("0,3".into());
        assert!(
            form.disruption()
                .is_ok_and(|disruption| (disruption.amplitude - 0.3).abs() < 1e-12)
        );
        form.epochs = Input::new("many".into());
        assert!(form.disruption().is_err());
    }

    #[test]
    fn how_it_is_measured_is_asked_only_where_it_is() {
        let mut form = DisruptForm::default();
        assert_eq!(form.measuring(), Ok(None));
        form.field = Field::Doing;
        form.step(true);
        assert_eq!(form.field, Field::Kind, "the last two are not in sight");
        form.field = Field::Doing;
        form.choose(true);
        assert_eq!(form.measuring(), Ok(Some(Measuring::default())));
        form.step(true);
        assert_eq!(form.field, Field::Watch);
        form.repetitions = Input::new("0".into());
        assert!(
            form.measuring()
                .is_err_and(|problem| problem.contains("1 to 20"))
        );
    }
}
