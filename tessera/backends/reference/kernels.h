// One kernel per row of ops.def, named like the operation: `reference::exp_kernel(call)`. Another backend
// calls these for the rows where it has nothing faster.
#pragma once

#include "tessera/tensor/backend.h"

namespace tessera::backends::reference {

using Kernel = void (*)(const KernelCall&);

// View rows make another view of the same storage and have no kernel; TESSERA_IF_KERNEL drops them.
#define TESSERA_IF_KERNEL_Unary(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Binary(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Compare(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Select(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Cast(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Create(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Random(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_View(...)
#define TESSERA_IF_KERNEL_Move(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Product(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Window(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Reduce(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Index(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Normalize(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Optimizer(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Recurrent(...) __VA_ARGS__
#define TESSERA_IF_KERNEL_Finish(...) __VA_ARGS__

#define TESSERA_OP(Id, name, arity, Class, ...) \
  TESSERA_IF_KERNEL_##Class(void name##_kernel(const KernelCall& call);)
#include "tessera/tensor/ops.def"
#undef TESSERA_OP

// The kernel of a row; nullptr for View rows.
Kernel kernel_of(Op op);

}  // namespace tessera::backends::reference
