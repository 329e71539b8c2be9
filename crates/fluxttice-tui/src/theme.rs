//! Colours and styles, and their replacement in terminals without colours.
//!
//! The colours can be told apart under the common colour-vision deficiencies (after Okabe and Ito). In
//! lightness they lie between black and white, so that they are legible on a dark and on a light background.
//! No style sets a background of its own, except where a cell of the coverage map is data.

use fluxttice_core::vae::{Scope, Vae};
use ratatui::style::{Color, Modifier, Style};

/// Number of colours that the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ColorDepth {
    /// No colours: weight, underline and reversal only.
    None,
    /// Sixteen colours, of the terminal's own scheme.
    Sixteen,
    /// The fixed table of 256 colours.
    Indexed,
    /// Colours of 24 bits.
    #[default]
    True,
}

impl ColorDepth {
    /// Returns the depth that these values of `NO_COLOR`, `TERM` and `COLORTERM` imply.
    pub fn from_variables(
        no_color: Option<&str>,
        term: Option<&str>,
        colorterm: Option<&str>,
    ) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            Self::None
        } else if matches!(colorterm, Some("truecolor" | "24bit")) || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else if cfg!(windows) {
            Self::True
        } else {
            Self::Sixteen
        }
    }

    /// Returns the depth that the environment of this process implies.
    pub fn detect() -> Self {
        let variable = |name| std::env::var(name).ok();
        Self::from_variables(
            variable("NO_COLOR").as_deref(),
            variable("TERM").as_deref(),
            variable("COLORTERM").as_deref(),
        )
    }
}

/// Meaning of a mark on the screen; each has one style everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A quantity of VAE-A.
    A,
    /// A quantity of VAE-B.
    B,
    /// Both VAEs together.
    Both,
    /// A quantity of the whole model.
    Plain,
    /// A second quantity of the whole model.
    Second,
}

impl From<Vae> for Role {
    fn from(vae: Vae) -> Self {
        match vae {
            Vae::A => Self::A,
            Vae::B => Self::B,
        }
    }
}

impl From<Scope> for Role {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::A => Self::A,
            Scope::B => Self::B,
            Scope::Both => Self::Both,
        }
    }
}

/// Styles of everything on the screen, for one number of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Theme {
    depth: ColorDepth,
}

/// A hue in the three palettes: 24 bits, the table of 256, and the sixteen.
struct Hue(Color, u8, Color);

const BLUE: Hue = Hue(Color::Rgb(0x3b, 0x96, 0xdd), 32, Color::Cyan);
const ORANGE: Hue = Hue(Color::Rgb(0xdc, 0x82, 0x14), 172, Color::Yellow);
const GREEN: Hue = Hue(Color::Rgb(0x12, 0x9e, 0x78), 36, Color::Green);
/// Operations that both VAEs generate are the rule, so their colour is weaker than those of the exceptions.
const MOSS: Hue = Hue(Color::Rgb(0x4f, 0x86, 0x75), 66, Color::Green);
const PURPLE: Hue = Hue(Color::Rgb(0xc4, 0x69, 0xa6), 169, Color::Magenta);
const RED: Hue = Hue(Color::Rgb(0xd6, 0x45, 0x3d), 167, Color::Red);

/// Returns the base style of text. Text over something dim must not be dim itself.
fn bright() -> Style {
    Style::new().remove_modifier(Modifier::DIM)
}

#[expect(
    clippy::unused_self,
    reason = "every style is asked of the theme, those without a colour too"
)]
impl Theme {
    /// Makes the theme of a terminal with this number of colours.
    pub fn new(depth: ColorDepth) -> Self {
        Self { depth }
    }

    /// Returns true if the terminal shows colours at all.
    pub fn has_color(self) -> bool {
        self.depth != ColorDepth::None
    }

    fn hue(self, hue: &Hue) -> Style {
        match self.depth {
            ColorDepth::None => bright(),
            ColorDepth::Sixteen => bright().fg(hue.2),
            ColorDepth::Indexed => bright().fg(Color::Indexed(hue.1)),
            ColorDepth::True => bright().fg(hue.0),
        }
    }

    /// Returns the style of a role.
    pub fn role(self, role: Role) -> Style {
        match role {
            Role::A => self.hue(&BLUE),
            Role::B => self.hue(&ORANGE),
            Role::Both => self.hue(&MOSS),
            Role::Plain => bright(),
            Role::Second => self.hue(&PURPLE),
        }
    }

    /// Returns the style of ordinary text.
    pub fn text(self) -> Style {
        bright()
    }

    /// Returns the style of labels, units and rules, weaker than ordinary text.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Returns the style of headings and values, bolder than ordinary text.
    pub fn strong(self) -> Style {
        bright().add_modifier(Modifier::BOLD)
    }

    /// Returns the style of the one accent: the pane in front, the crosshair, events.
    pub fn accent(self) -> Style {
        self.hue(&PURPLE).add_modifier(Modifier::BOLD)
    }

    /// Returns the style of a warning.
    pub fn warning(self) -> Style {
        self.hue(&ORANGE).add_modifier(Modifier::BOLD)
    }

    /// Returns the style of a failure.
    pub fn bad(self) -> Style {
        self.hue(&RED).add_modifier(Modifier::BOLD)
    }

    /// Returns the style of a success.
    pub fn good(self) -> Style {
        self.hue(&GREEN)
    }

    /// Returns the style of the selected row or cell.
    pub fn selected(self) -> Style {
        bright().add_modifier(Modifier::REVERSED)
    }

    /// Returns the style of a key in a hint.
    pub fn key(self) -> Style {
        bright().add_modifier(Modifier::BOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_the_depth() {
        let depth = ColorDepth::from_variables;
        assert_eq!(
            depth(Some("1"), Some("xterm-256color"), Some("truecolor")),
            ColorDepth::None
        );
        assert_eq!(
            depth(Some(""), Some("xterm-256color"), Some("truecolor")),
            ColorDepth::True
        );
        assert_eq!(depth(None, Some("dumb"), None), ColorDepth::None);
        assert_eq!(
            depth(None, Some("xterm-256color"), None),
            ColorDepth::Indexed
        );
        #[cfg(not(windows))]
        assert_eq!(depth(None, Some("linux"), None), ColorDepth::Sixteen);
    }

    #[test]
    fn without_colour_nothing_has_one() {
        let theme = Theme::new(ColorDepth::None);
        for style in [
            theme.role(Role::A),
            theme.role(Role::Both),
            theme.accent(),
            theme.bad(),
            theme.selected(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
