//! Keys that change nothing beside certain values of other keys.

use super::keys::KeyInfo;
use super::schema::Config;
use crate::disruption::Rule;

/// A condition on some keys under which other keys change nothing.
struct Idle {
    /// Condition in words, as a clause.
    beside: &'static str,
    holds: fn(&Config) -> bool,
    /// Keys that change nothing then; a list is given by its name.
    keys: &'static [&'static str],
}

/// Key of the list of rules, whose entries are looked at one by one.
const RULES: &str = "rules";
/// Reason why a rule changes nothing.
const TOO_FEW_EPOCHS: &str = "the rule looks back over as many epochs as the run has, or more";

static IDLE: [Idle; 16] = [
    Idle {
        beside: "`model.use_statenet` is false",
        holds: |config| !config.model.use_statenet,
        keys: &[
            "model.statenet_lr_scale",
            "model.statenet_lambda_scale",
            "beyond.statenet_rate",
        ],
    },
    Idle {
        beside: "`vae_a.temp_cyclic` is false",
        holds: |config| !config.vae_a.temp_cyclic,
        keys: &["vae_a.temp_boost_amplitude"],
    },
    Idle {
        beside: "`vae_b.beta_warmup_epochs` is 0 or 1, so that β_B follows β_A before it rises",
        holds: |config| config.vae_b.beta_warmup_epochs <= 1,
        keys: &["vae_b.beta_start"],
    },
    Idle {
        beside: "`hold.rho` is set",
        holds: |config| config.hold.rho.is_some(),
        keys: &["model.rho_min", "model.rho_max"],
    },
    Idle {
        beside: "`hold.beta_a` is set",
        holds: |config| config.hold.beta_a.is_some(),
        keys: &[
            "vae_a.beta_start",
            "vae_a.beta_end",
            "vae_a.beta_warmup_epochs",
        ],
    },
    Idle {
        beside: "`hold.beta_b` is set",
        holds: |config| config.hold.beta_b.is_some(),
        keys: &[
            "vae_b.beta_start",
            "vae_b.beta_warmup_epochs",
            "controller.beta_phase_lag",
        ],
    },
    Idle {
        beside: "`hold.temperature_a` is set",
        holds: |config| config.hold.temperature_a.is_some(),
        keys: &[
            "vae_a.temp_start",
            "vae_a.temp_end",
            "vae_a.temp_cyclic",
            "vae_a.temp_boost_amplitude",
        ],
    },
    Idle {
        beside: "`hold.temperature_b` is set",
        holds: |config| config.hold.temperature_b.is_some(),
        keys: &[
            "vae_b.temp_start",
            "vae_b.temp_end",
            "vae_b.temp_phase4",
            "controller.temp_lag",
        ],
    },
    Idle {
        beside: "`hold.lambda1`, `hold.lambda2` and `hold.lambda3` are set",
        holds: |Config { hold, .. }| {
            hold.lambda1.is_some() && hold.lambda2.is_some() && hold.lambda3.is_some()
        },
        keys: &["model.statenet_lambda_scale"],
    },
    Idle {
        beside: "`hold.lambda3` is set",
        holds: |config| config.hold.lambda3.is_some(),
        keys: &["model.lambda3_base", "model.lambda3_amplitude"],
    },
    Idle {
        beside: "`hold.learning_rate` is set",
        holds: |config| config.hold.learning_rate.is_some(),
        keys: &[
            "model.statenet_lr_scale",
            "optimizer.lr_schedule",
            "beyond.smooth_rate",
        ],
    },
    Idle {
        beside: "`patience` is not below `total_epochs`, so that the run ends first",
        holds: |config| config.patience >= config.total_epochs,
        keys: &["stopping.by", "stopping.minimum_gain"],
    },
    Idle {
        beside: "`beyond.evenness` is not set, or 0",
        holds: |config| !weighs(config.beyond.evenness),
        keys: &["beyond.blur"],
    },
    Idle {
        beside: "neither `beyond.certainty` nor `beyond.evenness` is set, or both are 0",
        holds: |Config { beyond, .. }| !weighs(beyond.certainty) && !weighs(beyond.evenness),
        keys: &["beyond.prior_codes"],
    },
    Idle {
        beside: "`beyond.sharpening` is not set, or 1",
        holds: |config| config.beyond.sharpening.is_none_or(|factor| factor <= 1.0),
        keys: &["beyond.sharpening_epochs"],
    },
    Idle {
        beside: "`optimizer.lr_schedule` has one step",
        holds: |config| config.optimizer.lr_schedule.len() == 1,
        keys: &["beyond.smooth_rate"],
    },
];

fn weighs(weight: Option<f64>) -> bool {
    weight.is_some_and(|weight| weight > 0.0)
}

/// Returns the key, or for a key of list entries the name of the list.
pub(super) fn list_of(info: &KeyInfo) -> &'static str {
    let list = info.key.split_once(".N");
    list.map_or(info.key, |(list, _)| list)
}

/// Returns the keys (as they are written) that change nothing beside the other values, each with the reason.
/// A rule is looked at by itself; any other list counts as one key.
pub(super) fn idle(config: &Config, info: &KeyInfo) -> Vec<(String, &'static str)> {
    let list = list_of(info);
    if list == RULES {
        let rules = (0..).zip(&config.rules);
        return rules
            .filter(|(_, text)| {
                let rule = text.parse::<Rule>();
                rule.is_ok_and(|rule| rule.span() >= config.total_epochs as usize)
            })
            .map(|(place, _): (usize, _)| (format!("{RULES}.{place}"), TOO_FEW_EPOCHS))
            .collect();
    }
    let mut cases = IDLE.iter().filter(|idle| idle.keys.contains(&list));
    let case = cases.find(|idle| (idle.holds)(config));
    case.map(|idle| (list.to_owned(), idle.beside))
        .into_iter()
        .collect()
}

impl KeyInfo {
    /// Returns the conditions under which the key changes nothing, each as a clause of text.
    pub fn idle_beside(&self) -> impl Iterator<Item = &'static str> {
        let list = list_of(self);
        let cases = IDLE.iter().filter(move |idle| idle.keys.contains(&list));
        let rules = (list == RULES).then_some(TOO_FEW_EPOCHS);
        cases.map(|idle| idle.beside).chain(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Effect, KEYS};

    #[test]
    fn what_changes_nothing_beside_other_values_otherwise_does_and_can_be_woken() {
        for key in IDLE.iter().flat_map(|idle| idle.keys) {
            let mut infos = KEYS.iter().filter(|info| list_of(info) == *key);
            let info = infos.next().unwrap();
            assert!(info.effect == Effect::Used && info.live.is_some(), "{key}");
        }
    }
}
