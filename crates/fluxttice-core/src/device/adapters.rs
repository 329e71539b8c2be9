//! The graphics adapters of this machine, as wgpu lists them.

use burn::tensor::DeviceKind;
use burn_wgpu::WgpuBackend;
use burn_wgpu::wgpu::{Backend, Backends, DeviceType, Instance, InstanceDescriptor};
use serde::Serialize;

/// One adapter on one graphics API.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Name as the driver gives it.
    pub name: String,
    /// What kind of adapter it is.
    pub kind: AdapterKind,
    /// Graphics API (`Vulkan`, `Metal`, `Dx12`, `Gl`).
    pub api: String,
    /// How Burn's runtime finds it.
    pub(super) selector: Selector,
}

/// An adapter in Burn's words: which of its kind, on which graphics API.
pub(super) type Selector = (DeviceKind, WgpuBackend);

/// What kind of adapter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A graphics card of its own.
    Discrete,
    /// Part of the processor.
    Integrated,
    /// Passed through to a virtual machine.
    Virtual,
    /// A software rasteriser (llvmpipe, lavapipe, WARP): correct, never fast.
    Software,
    /// No adapter: Burn's own CPU backend.
    Cpu,
}

/// The graphics APIs tried, best first. OpenGL is only a stand-in where nothing else is found.
const APIS: [(Backend, WgpuBackend); 4] = [
    (Backend::Metal, WgpuBackend::Metal),
    (Backend::Vulkan, WgpuBackend::Vulkan),
    (Backend::Dx12, WgpuBackend::Dx12),
    (Backend::Gl, WgpuBackend::Gl),
];

/// Every adapter of the first graphics API that has a real one, else of the first that has any.
///
/// Looks only; no device is opened. An empty list where no graphics library is installed.
pub fn adapters() -> Vec<Adapter> {
    let mut fallback = Vec::new();
    for (api, pinned) in APIS {
        let found = on_api(api, pinned);
        if found
            .iter()
            .any(|adapter| adapter.kind != AdapterKind::Software)
        {
            return found;
        }
        if fallback.is_empty() {
            fallback = found;
        }
    }
    fallback
}

fn on_api(api: Backend, pinned: WgpuBackend) -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::from(api),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let listed = futures_lite::future::block_on(instance.enumerate_adapters(Backends::from(api)));
    // Burn counts each type of adapter on its own, in the order of this list.
    let mut seen = [0usize; 3];
    let mut next = |slot: usize| {
        seen[slot] += 1;
        seen[slot] - 1
    };
    listed
        .iter()
        .map(|adapter| {
            let info = adapter.get_info();
            let (kind, device) = match info.device_type {
                DeviceType::DiscreteGpu => {
                    (AdapterKind::Discrete, DeviceKind::DiscreteGpu(next(0)))
                }
                DeviceType::IntegratedGpu => {
                    (AdapterKind::Integrated, DeviceKind::IntegratedGpu(next(1)))
                }
                DeviceType::VirtualGpu => (AdapterKind::Virtual, DeviceKind::VirtualGpu(next(2))),
                DeviceType::Cpu => (AdapterKind::Software, DeviceKind::Cpu),
                // OpenGL does not say what it runs on; software renderers name themselves.
                DeviceType::Other => {
                    let software = ["llvmpipe", "softpipe", "swiftshader"];
                    let name = info.name.to_lowercase();
                    let kind = if software.iter().any(|word| name.contains(word)) {
                        AdapterKind::Software
                    } else {
                        AdapterKind::Integrated
                    };
                    (kind, DeviceKind::DefaultDevice)
                }
            };
            Adapter {
                name: info.name,
                kind,
                api: format!("{api:?}"),
                selector: (device, pinned),
            }
        })
        .collect()
}
