//! The graphics adapters of this machine, as wgpu lists them.

use burn::tensor::DeviceKind;
use burn_wgpu::WgpuBackend;
use burn_wgpu::wgpu::{Backend, Backends, DeviceType, Instance, InstanceDescriptor};
use serde::Serialize;

/// A graphics adapter, seen through one graphics API.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Name as the driver gives it.
    pub name: String,
    /// Kind of hardware behind the adapter.
    pub kind: AdapterKind,
    /// Graphics API (`Vulkan`, `Metal`, `Dx12`, `Gl`).
    pub api: String,
    /// Device kind and graphics API by which Burn's runtime finds the adapter.
    pub(super) selector: Selector,
}

/// An adapter in Burn's terms: its kind with the number within that kind, and its graphics API.
pub(super) type Selector = (DeviceKind, WgpuBackend);

/// Kind of hardware that computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A separate graphics card.
    Discrete,
    /// A GPU that is part of the processor.
    Integrated,
    /// A GPU that is passed through to a virtual machine.
    Virtual,
    /// A software rasteriser (llvmpipe, lavapipe, WARP): correct, never fast.
    Software,
    /// No adapter: Burn's own CPU backend.
    Cpu,
}

/// Graphics APIs in the order in which they are tried. OpenGL is only used where nothing else is found.
const APIS: [(Backend, WgpuBackend); 4] = [
    (Backend::Metal, WgpuBackend::Metal),
    (Backend::Vulkan, WgpuBackend::Vulkan),
    (Backend::Dx12, WgpuBackend::Dx12),
    (Backend::Gl, WgpuBackend::Gl),
];

/// Returns every adapter of the first graphics API that has a hardware adapter, else of
/// the first that has any.
///
/// No device is opened. The list is empty where no graphics library is installed.
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
