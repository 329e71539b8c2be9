//! The choice of a device by `--device`.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use burn_wgpu::{WgpuInitError, WgpuSetup};
use serde::Serialize;
use thiserror::Error;

use super::adapters::{Adapter, AdapterKind, Selector, adapters};

/// Value of `--device`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceSpec {
    /// A hardware GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// Burn's pure-Rust CPU backend.
    Cpu,
    /// The GPU with this number in `devices`, or the first if no number is given; never software.
    Gpu(Option<usize>),
    /// A software rasteriser, for checking the GPU path without a GPU.
    Software,
}

impl FromStr for DeviceSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(None)),
            "software" => Ok(Self::Software),
            _ => text
                .strip_prefix("gpu")
                .and_then(|number| number.parse().ok())
                .map(|number| Self::Gpu(Some(number)))
                .ok_or_else(|| {
                    "expected auto, cpu, gpu, gpuN (N as `devices` prints it) or software"
                        .to_owned()
                }),
        }
    }
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(None) => f.write_str("gpu"),
            Self::Gpu(Some(number)) => write!(f, "gpu{number}"),
            Self::Software => f.write_str("software"),
        }
    }
}

/// A device that is open and in use, and the reason for its choice.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The device, without autodiff.
    pub device: Device,
    /// Handles of the graphics driver; `None` on the CPU backend.
    pub graphics: Option<WgpuSetup>,
    /// Value of `--device` that asks for this very device.
    pub spec: DeviceSpec,
    /// Name for people (`cpu`, `NVIDIA H200 (Vulkan)`).
    pub name: String,
    /// Reason for the choice, in words.
    pub reason: String,
}

impl Chosen {
    /// Returns true if the tensors run on the CPU backend rather than on a graphics driver.
    pub fn is_cpu(&self) -> bool {
        is_cpu(&self.device)
    }
}

/// One line of `devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Value that `--device` takes for it (`gpu0`, `software`, `cpu`).
    pub id: String,
    /// Name as the driver gives it.
    pub name: String,
    /// Kind of hardware behind the device.
    pub kind: AdapterKind,
    /// Graphics API, or `-` for the CPU backend.
    pub api: String,
    /// True if `--device auto` takes this device.
    pub chosen: bool,
    /// Reason why `auto` takes it or not.
    pub why: String,
}

/// Error where a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// The device asked for does not exist.
    #[error(
        "no device `{asked}`: {found}; `fluxttice-explorer devices` lists what there is, `--device cpu` always works"
    )]
    Absent {
        /// Device that was asked for.
        asked: DeviceSpec,
        /// Description of the devices that exist instead.
        found: String,
    },
    /// The driver refused to open the device.
    #[error("the device {name} could not be opened: {reason}; `--device cpu` always works")]
    Refused {
        /// Name of the device.
        name: String,
        /// Error text of the driver.
        reason: String,
    },
}

const CPU_NAME: &str = "cpu";

/// Returns true if the processor's own cores compute tensors on this device.
pub fn is_cpu(device: &Device) -> bool {
    *device == Device::flex()
}

/// Opens the device that is asked for.
///
/// # Errors
/// Fails with [`DeviceError`] where an explicit device is absent or refused; `auto` falls back to the CPU.
pub fn choose(spec: DeviceSpec) -> Result<Chosen, DeviceError> {
    if spec == DeviceSpec::Cpu {
        return Ok(cpu("requested"));
    }
    let found = adapters();
    match (spec, pick(spec, &found)) {
        (DeviceSpec::Auto, None) => Ok(cpu(&no_gpu(&found))),
        (DeviceSpec::Auto, Some(adapter)) => {
            Ok(open(adapter, "the first GPU").unwrap_or_else(|error| {
                tracing::warn!("{error}");
                cpu("the GPU could not be opened, see the log")
            }))
        }
        (_, Some(adapter)) => open(adapter, "requested"),
        (asked, None) => {
            let found = match asked {
                DeviceSpec::Software => "no software rasteriser is installed".to_owned(),
                _ => no_gpu(&found),
            };
            Err(DeviceError::Absent { asked, found })
        }
    }
}

/// Returns the adapter that is asked for, with what asks for it alone.
fn pick(spec: DeviceSpec, found: &[Adapter]) -> Option<(DeviceSpec, &Adapter)> {
    let is_software = |adapter: &&Adapter| adapter.kind == AdapterKind::Software;
    let number = match spec {
        DeviceSpec::Cpu => return None,
        DeviceSpec::Software => {
            let adapter = found.iter().find(is_software)?;
            return Some((spec, adapter));
        }
        DeviceSpec::Auto | DeviceSpec::Gpu(None) => 0,
        DeviceSpec::Gpu(Some(number)) => number,
    };
    let mut gpus = found.iter().filter(|adapter| !is_software(adapter));
    Some((DeviceSpec::Gpu(Some(number)), gpus.nth(number)?))
}

fn no_gpu(found: &[Adapter]) -> String {
    match found.len() {
        0 => "no GPU and no graphics driver".to_owned(),
        _ if found
            .iter()
            .all(|adapter| adapter.kind == AdapterKind::Software) =>
        {
            format!("no GPU, only the software rasteriser {}", found[0].name)
        }
        _ => format!(
            "{} GPU(s) here",
            found
                .iter()
                .filter(|a| a.kind != AdapterKind::Software)
                .count()
        ),
    }
}

fn cpu(reason: &str) -> Chosen {
    Chosen {
        device: Device::flex(),
        graphics: None,
        spec: DeviceSpec::Cpu,
        name: CPU_NAME.to_owned(),
        reason: reason.to_owned(),
    }
}

fn open((spec, adapter): (DeviceSpec, &Adapter), reason: &str) -> Result<Chosen, DeviceError> {
    let name = format!("{} ({})", adapter.name, adapter.api);
    match opened(adapter) {
        Ok((device, graphics)) => Ok(Chosen {
            device,
            graphics: Some(graphics),
            spec,
            name,
            reason: reason.to_owned(),
        }),
        Err(error) => Err(DeviceError::Refused {
            name,
            reason: error.to_string(),
        }),
    }
}

/// Returns an adapter's tensor device and the driver's handles.
///
/// Burn opens an adapter once and keeps it until the process ends: a second session, or
/// the lab beside one, gets the same device.
fn opened(adapter: &Adapter) -> Result<(Device, WgpuSetup), WgpuInitError> {
    static OPENED: Mutex<Vec<(Selector, (Device, WgpuSetup))>> = Mutex::new(Vec::new());
    let mut all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all.iter().find(|(known, _)| *known == adapter.selector);
    if let Some((_, opened)) = known {
        return Ok(opened.clone());
    }
    let (kind, api) = adapter.selector.clone();
    let options = Device::wgpu_options().device_kind(kind).graphics_api(api);
    let opened = options.init_with_setup()?;
    all.push((adapter.selector.clone(), opened.clone()));
    Ok(opened)
}

/// Lists every device of this machine, and whether `auto` takes it.
pub fn list() -> Vec<Listed> {
    let found = adapters();
    let mut gpus = 0;
    let mut listed: Vec<Listed> = found
        .iter()
        .map(|adapter| {
            let software = adapter.kind == AdapterKind::Software;
            let id = if software {
                "software".to_owned()
            } else {
                gpus += 1;
                format!("gpu{}", gpus - 1)
            };
            let chosen = id == "gpu0";
            let why = match (software, chosen) {
                (true, _) => "a software rasteriser is slower than the CPU backend; only with --device software",
                (false, true) => "the first GPU",
                (false, false) => "another GPU comes first",
            };
            Listed { id, name: adapter.name.clone(), kind: adapter.kind, api: adapter.api.clone(), chosen, why: why.to_owned() }
        })
        .collect();
    let why = if gpus == 0 {
        no_gpu(&found)
    } else {
        "a GPU is here".to_owned()
    };
    listed.push(Listed {
        id: CPU_NAME.to_owned(),
        name: "Burn flex, pure Rust".to_owned(),
        kind: AdapterKind::Cpu,
        api: "-".to_owned(),
        chosen: gpus == 0,
        why,
    });
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling_and_no_other() {
        for (text, spec) in [
            ("auto", DeviceSpec::Auto),
            ("cpu", DeviceSpec::Cpu),
            ("gpu", DeviceSpec::Gpu(None)),
            ("gpu12", DeviceSpec::Gpu(Some(12))),
            ("software", DeviceSpec::Software),
        ] {
            assert_eq!(text.parse(), Ok(spec));
            assert_eq!(spec.to_string(), text);
        }
        for text in ["", "GPU", "gpu-1", "gpux", "cuda"] {
            assert!(text.parse::<DeviceSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn exactly_one_device_is_taken_by_auto() {
        assert_eq!(list().iter().filter(|device| device.chosen).count(), 1);
    }

    #[test]
    fn an_absent_gpu_is_an_error_that_says_what_to_do() {
        let error = choose(DeviceSpec::Gpu(Some(4_000)))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("gpu4000") && error.contains("--device cpu"),
            "{error}"
        );
    }
}
