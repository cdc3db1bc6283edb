// Work shared among threads: the only place that knows there are any.
//
// A loop whose passes do not depend on each other is written as `parallel_for`. In a build without
// VIT_THREADS it is a plain loop; in one with them, threads take the passes one by one, whoever is free the
// next, so that a slow core, or one that is busy with something else, holds nobody up. Which thread ran a
// pass never shows in its result: the same passes do the same sums in the same order.
#pragma once

namespace vit {

#if !defined(VIT_THREADS)

inline void use_threads(int) {}
constexpr int thread_count() { return 1; }
constexpr int this_thread() { return 0; }

template <typename Body>
void parallel_for(int count, const Body& body) {
  for (int i = 0; i < count; i++) body(i);
}

#else

/// From now on `count` threads share the work, the calling one among them: the others are started when they
/// are needed for the first time, and then wait for work for ever. Not to be called within a `parallel_for`.
void use_threads(int count);

/// How many threads share the work. Buffers that each thread needs for itself are made for this many.
int thread_count();

/// Which of them is running, 0 to thread_count() − 1, inside a `parallel_for`.
int this_thread();

/// Calls body(i) once for every i in [0, count), in any order and on any thread, and returns when all calls
/// have. Inside another `parallel_for` it is a plain loop on the same thread.
///
/// Only ever called from one thread at a time. Costs one or two microseconds beyond the calls; a pass that
/// takes five or more is worth sharing.
template <typename Body>
void parallel_for(int count, const Body& body);

// What the template needs; the rest is in threads.cpp.
namespace threads {
using Pass = void (*)(const void* body, int i);
bool sharing(int count);
void run(int count, Pass pass, const void* body);
}  // namespace threads

template <typename Body>
void parallel_for(int count, const Body& body) {
  if (threads::sharing(count)) {
    threads::run(count, [](const void* context, int i) { (*static_cast<const Body*>(context))(i); }, &body);
  } else {
    for (int i = 0; i < count; i++) body(i);
  }
}

#endif

}  // namespace vit
