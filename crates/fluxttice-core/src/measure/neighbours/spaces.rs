//! The latent spaces of one model: A's, B's, and both joined.

use super::Cloud;
use crate::device::DeviceFailure;
use crate::measure::Posteriors;
use crate::model::LATENT;
use crate::space::Operation;
use crate::vae::{Scope, Vae};

/// Codes of all operations in each of the three spaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spaces {
    clouds: [Cloud; 3],
}

impl Spaces {
    /// Makes the spaces from A's and B's codes.
    pub fn new(a: Cloud, b: Cloud) -> Self {
        let both = Cloud::joined(&a, &b);
        Self {
            clouds: [a, b, both],
        }
    }

    /// Makes the one space of an embedding, in the place of A's.
    pub fn embedding(cloud: Cloud) -> Self {
        Self {
            clouds: [cloud, Cloud::default(), Cloud::default()],
        }
    }

    /// Returns true if there is one space only, that of an embedding.
    pub fn is_embedding(&self) -> bool {
        let [one, other, _] = &self.clouds;
        one.dimensions() > 0 && other.dimensions() == 0
    }

    /// Returns the name of a space, for people.
    pub fn title(&self, space: Scope) -> &'static str {
        match self.is_embedding() {
            true => "the embedding",
            false => space.title(),
        }
    }

    /// Makes the spaces by encoding all operations with A's and B's encoders.
    ///
    /// # Errors
    /// Fails as `posteriors` does.
    pub fn encoded(
        posteriors: impl Fn(Vae, &[Operation]) -> Result<Posteriors, DeviceFailure>,
    ) -> Result<Self, DeviceFailure> {
        let everything: Vec<Operation> = Operation::all().collect();
        let cloud = |which| posteriors(which, &everything).map(|found| Cloud::new(found, LATENT));
        Ok(Self::new(cloud(Vae::A)?, cloud(Vae::B)?))
    }

    /// Returns the codes in one space.
    pub fn of(&self, space: Scope) -> &Cloud {
        &self.clouds[space as usize]
    }

    /// Returns a point of a space in the own coordinates of each VAE whose codes the space holds.
    pub fn own(&self, space: Scope, point: &[f64]) -> Vec<(Vae, Vec<f64>)> {
        let [a, b, _] = &self.clouds;
        match space {
            Scope::A => vec![(Vae::A, point.to_vec())],
            Scope::B => vec![(Vae::B, point.to_vec())],
            Scope::Both => {
                let (of_a, of_b) = point.split_at(a.dimensions().min(point.len()));
                [(Vae::A, of_a, a), (Vae::B, of_b, b)]
                    .map(|(which, part, cloud)| {
                        let norm = cloud.rms_norm();
                        (which, part.iter().map(|x| x * norm).collect())
                    })
                    .to_vec()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::OPERATIONS;

    #[test]
    fn a_joined_point_is_found_again_in_both_spaces() {
        let cloud = |scale: f64| {
            let posteriors = Posteriors {
                mu: (0..2 * OPERATIONS)
                    .map(|i| scale * (i as f64).sin())
                    .collect(),
                log_variance: vec![0.0; 2 * OPERATIONS],
            };
            Cloud::new(posteriors, 2)
        };
        let spaces = Spaces::new(cloud(3.0), cloud(0.2));
        let operation = Operation::new(4_711).unwrap();
        let joined = spaces.of(Scope::Both).code(operation).unwrap().mu;
        for (which, own) in spaces.own(Scope::Both, joined) {
            let space = [Scope::A, Scope::B][which as usize];
            let expected = spaces.of(space).code(operation).unwrap().mu;
            assert!(own.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-12));
        }
    }
}
