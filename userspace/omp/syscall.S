/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * syscall(3), by which LLVM's runtime binds threads: those calls go to
 * omp_syscall_setaffinity() with the address they came from. Everything else goes
 * on to the kernel as it came, in registers; a C function could not pass on a call
 * that returns twice.
 */
#include <sys/syscall.h>

	.text
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	endbr64
	cmp	$SYS_sched_getaffinity, %rdi
	je	3f
	cmp	$SYS_sched_setaffinity, %rdi
	jne	1f
	mov	(%rsp), %rdi
	jmp	omp_syscall_setaffinity
1:	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	cmp	$-4095, %rax
	jae	2f
	ret
2:	mov	%rax, %rdi
	jmp	omp_syscall_failed
3:	mov	(%rsp), %rdi
	jmp	omp_syscall_getaffinity
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits
