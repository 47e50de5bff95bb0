// Two stacks and one switch: the only assembly of the scheduler.
//
// Book: chapter 6, "A scheduler of your own", step 6.1. Document: 004,
// whose "three registers" are six here. Model: Boost.Context.
//
// Invariants:
//   (I1) A context that is not running is one address: the top of its
//        stack, where the registers are that a callee must preserve.
//   (I2) A context may be resumed once the context that runs after it
//        has said so: until then the switch still works on its stack.
//   (I3) A stack begins with a frame that has no caller: unwinders and
//        debuggers stop there.

#pragma once

#include <cstddef>
#include <cstdint>

#include "grading/todo.hpp"

namespace workbook::gmp {

struct machine;

/// The machine of the calling thread, or null. Only here() reads it: a
/// goroutine may resume on another thread, and a compiler is free to
/// keep the address of a thread-local variable across a call.
inline constinit thread_local machine* machine_of_thread asm(
    "workbook_gmp_machine") = nullptr;

}  // namespace workbook::gmp

// The switch is not called, it is jumped to: see workbook_gmp_switch
// below. Where to return to is in rcx (x30 on aarch64).

/// Where a new stack begins: calls the function in its first frame.
extern "C" void workbook_gmp_entry();

#if defined(__x86_64__)

asm(R"(
.pushsection .text.workbook_gmp_switch,"axG",@progbits,workbook_gmp_switch,comdat
.weak workbook_gmp_switch
.type workbook_gmp_switch, @function
.p2align 5
workbook_gmp_switch:
  .cfi_startproc
  .cfi_def_cfa_offset 0
  .cfi_register %rip, %rcx
  pushq %rcx
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movzwl 4(%rsp), %ecx
  movzwl 4(%rsi), %r8d
  cmpl $0x37f, %ecx
  jne 2f
  cmpl %ecx, %r8d
  jne 2f
1:
  movq %rsi, %rsp
  movq %rdx, %rax
  movq 8(%rsp), %r15
  movq 16(%rsp), %r14
  movq 24(%rsp), %r13
  movq 32(%rsp), %r12
  movq 40(%rsp), %rbx
  movq 48(%rsp), %rbp
  movq 56(%rsp), %rcx
  addq $64, %rsp
  jmp *%rcx
2:
  stmxcsr (%rsp)
  fldcw 4(%rsi)
  cmpl $0x37f, %r8d
  je 3f
  ldmxcsr (%rsi)
  jmp 1b
3:
  ldmxcsr workbook_gmp_mxcsr(%rip)
  jmp 1b
.p2align 2
workbook_gmp_mxcsr:
  .long 0x1f80
  .cfi_endproc
.size workbook_gmp_switch, .-workbook_gmp_switch
.popsection

.pushsection .text.workbook_gmp_entry,"axG",@progbits,workbook_gmp_entry,comdat
.weak workbook_gmp_entry
.type workbook_gmp_entry, @function
workbook_gmp_entry:
  .cfi_startproc
  .cfi_undefined %rip
  movq %rax, %rdi
  movq %r12, %rsi
  callq *%rbx
  ud2
  .cfi_endproc
.size workbook_gmp_entry, .-workbook_gmp_entry
.popsection
)");

#elif defined(__aarch64__)

asm(R"(
.pushsection .text.workbook_gmp_switch,"axG",@progbits,workbook_gmp_switch,comdat
.weak workbook_gmp_switch
.type workbook_gmp_switch, @function
.p2align 5
workbook_gmp_switch:
  .cfi_startproc
  sub sp, sp, #176
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mrs x9, fpcr
  str x9, [sp, #160]
  mov x10, sp
  str x10, [x0]
  mov sp, x1
  mov x0, x2
  ldr x11, [sp, #160]
  cmp x11, x9
  b.eq 1f
  msr fpcr, x11
1:
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #176
  br x30
  .cfi_endproc
.size workbook_gmp_switch, .-workbook_gmp_switch
.popsection

.pushsection .text.workbook_gmp_entry,"axG",@progbits,workbook_gmp_entry,comdat
.weak workbook_gmp_entry
.type workbook_gmp_entry, @function
workbook_gmp_entry:
  .cfi_startproc
  .cfi_undefined x30
  mov x1, x20
  mov x30, #0
  blr x19
  brk #1
  .cfi_endproc
.size workbook_gmp_entry, .-workbook_gmp_entry
.popsection
)");

#else
#error "the scheduler runs on x86-64 and on aarch64"
#endif

/// Saves the registers that a callee must preserve on the running
/// stack and the stack's top in `*from`; then continues where `to` was
/// saved. Returns, when somebody switches back, the `passed` of that
/// switch. The floating-point modes that <cfenv> changes belong to a
/// context: the x87 control word, and MXCSR with it (FPCR on aarch64).
/// MXCSR is read only if the control word is not the default: to read
/// it at every switch would cost twice as much as all the rest. So a
/// goroutine that changes MXCSR alone, by intrinsics, must restore it
/// before it may switch.
//
// A jump, and no call: the processor predicts each return from the
// calls before it, and the call of a switch would get no return.
[[gnu::always_inline]] inline void* workbook_gmp_switch(void** from,
                                                        void* to,
                                                        void* passed) {
#if defined(__x86_64__)
  void* got;
  asm volatile(
      "leaq -128(%%rsp), %%rsp\n\t"  // a leaf function's red zone
      "leaq 1f(%%rip), %%rcx\n\t"
      "jmp workbook_gmp_switch\n"
      "1:\n\t"
      "leaq 128(%%rsp), %%rsp"
      : "+D"(from), "+S"(to), "+d"(passed), "=a"(got)
      :
      : "memory", "cc", "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1",
        "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
        "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st",
        "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"
#if defined(__AVX512F__)
        , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",
        "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29",
        "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#endif
  );
  return got;
#else
  register void* x0 asm("x0") = from;
  register void* x1 asm("x1") = to;
  register void* x2 asm("x2") = passed;
  asm volatile(
      "adr x30, 1f\n\t"
      "b workbook_gmp_switch\n"
      "1:"
      : "+r"(x0), "+r"(x1), "+r"(x2)
      :
      : "memory", "cc", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",
        "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x30", "v0",
        "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
        "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
        "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
        "v29", "v30", "v31");
  return x0;
#endif
}

namespace workbook::gmp {

/// The machine of the calling thread, read anew at each call. Null on a
/// thread that is not one of a scheduler's.
inline machine* here() {
  machine* found;
#if defined(__x86_64__)
  asm volatile("movq %%fs:workbook_gmp_machine@tpoff, %0"
               : "=r"(found)
               : "m"(machine_of_thread));
#else
  std::uintptr_t base;
  asm volatile(
      "mrs %0, tpidr_el0\n\t"
      "add %0, %0, #:tprel_hi12:workbook_gmp_machine, lsl #12\n\t"
      "ldr %1, [%0, #:tprel_lo12_nc:workbook_gmp_machine]"
      : "=&r"(base), "=r"(found)
      : "m"(machine_of_thread));
#endif
  return found;
}

/// What a processor does that waits for another for some cycles.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

/// A context that is not running: (I1).
using context = void*;

/// The function that a new stack runs. It must not return. `passed`
/// comes from the first switch to the stack.
using stack_function = void (*)(void* passed, void* argument);

/// The context of a new stack that ends at `top`: the first switch to
/// it calls function(passed, argument) with the stack aligned as the
/// calling convention demands. It inherits the floating-point modes of
/// the caller. O(1); touches the last 100 bytes (200 on aarch64).
inline context prepare_stack(void* top, stack_function function,
                             void* argument) {
  // TODO(6.1): write the frame that workbook_gmp_switch will load:
  // where do `function` and `argument` go, and who reads them?
  return todo<context>("6.1", top, function, argument);
}

/// Leaves the running stack, whose context is then in `from`, for `to`.
/// Returns what the switch that comes back passes.
inline void* switch_context(context& from, context to, void* passed) {
  return todo<void*>("6.1", from, to, passed);
}

}  // namespace workbook::gmp
