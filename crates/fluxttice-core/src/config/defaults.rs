//! The published values, for keys that a file leaves out.
//!
//! A test holds them against the built-in file and against the table of keys.

use super::schema::{
    Beyond, Config, Controller, Hold, LearningRateStep, Model, Optimizer, OptimizerKind,
    PhaseTransitions, Stopping, TernaryDataset, VaeA, VaeB,
};

impl Default for Config {
    fn default() -> Self {
        Self {
            model: Model::default(),
            ternary_dataset: TernaryDataset::default(),
            seed: 42,
            batch_size: 64,
            num_workers: 0,
            total_epochs: 400,
            optimizer: Optimizer::default(),
            vae_a: VaeA::default(),
            vae_b: VaeB::default(),
            free_bits: 0.5,
            controller: Controller::default(),
            grad_clip: 1.0,
            patience: 100,
            min_delta: 1e-4,
            coverage_plateau_patience: 100,
            min_coverage_delta: 1e-3,
            log_interval: 1,
            checkpoint_freq: 10,
            checkpoint_dir: "sandbox-training/checkpoints/v5_5".to_owned(),
            eval_num_samples: 195_000,
            eval_interval: 1,
            coverage_check_interval: 1,
            train_split: 0.8,
            val_split: 0.1,
            test_split: 0.1,
            target_coverage_percent: 95.0,
            target_kld_min: 0.3,
            target_kld_max: 1.0,
            target_recon_accuracy: 85.0,
            phase_transitions: PhaseTransitions::default(),
            hold: Hold::default(),
            stopping: Stopping::default(),
            beyond: Beyond::default(),
            rules: Vec::new(),
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self {
            input_dim: 9,
            latent_dim: 16,
            rho_min: 0.1,
            rho_max: 0.7,
            lambda3_base: 0.3,
            lambda3_amplitude: 0.15,
            eps_kl: 5e-4,
            gradient_balance: true,
            adaptive_scheduling: true,
            use_statenet: true,
            statenet_lr_scale: 0.05,
            statenet_lambda_scale: 0.01,
        }
    }
}

impl Default for TernaryDataset {
    fn default() -> Self {
        Self {
            num_samples: 19_683,
            exhaustive: true,
            seed: 42,
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        const STEPS: [(u32, f64); 8] = [
            (0, 1e-3),
            (50, 5e-4),
            (120, 3e-4),
            (180, 1e-4),
            (220, 5e-5),
            (250, 2e-5),
            (300, 1e-5),
            (350, 5e-6),
        ];
        Self {
            kind: OptimizerKind::Adamw,
            lr_start: 1e-3,
            weight_decay: 1e-4,
            lr_schedule: STEPS
                .iter()
                .map(|&(epoch, lr)| LearningRateStep { epoch, lr })
                .collect(),
        }
    }
}

impl Default for VaeA {
    fn default() -> Self {
        Self {
            beta_start: 0.3,
            beta_end: 0.8,
            beta_warmup_epochs: 50,
            temp_start: 1.0,
            temp_end: 0.3,
            temp_cyclic: true,
            temp_boost_amplitude: Some(0.5),
        }
    }
}

impl Default for VaeB {
    fn default() -> Self {
        Self {
            beta_start: 0.0,
            beta_end: 0.5,
            beta_warmup_epochs: 50,
            temp_start: 0.9,
            temp_end: 0.2,
            temp_phase4: Some(0.3),
            entropy_weight: 0.05,
            repulsion_weight: 0.01,
        }
    }
}

impl Default for Controller {
    fn default() -> Self {
        Self {
            temp_lag: 30,
            beta_phase_lag: 0.785,
            entropy_ema_alpha: 0.9,
            dh_dt_threshold: 0.05,
        }
    }
}

impl Default for PhaseTransitions {
    fn default() -> Self {
        Self {
            entropy_expansion_end: 40,
            consolidation_end: 120,
            resonant_coupling_end: 250,
            ultra_exploration_start: 250,
            statenet_warm_start: 20,
        }
    }
}
