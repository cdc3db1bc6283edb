// Work shared among threads: the only place that starts, ends and synchronizes them.
//
// A loop whose passes do not depend on each other is written as `parallel_for`. In a build without
// VIT_THREADS it is a plain loop. In one with them each thread has a share of the passes, and helps with the
// others' when its own is done, so that a slow or busy core does not hold up the rest. Results do not depend
// on which thread runs a pass: the same passes do the same sums in the same order.
#pragma once

#include <algorithm>

#include "kernels/sizes.h"

namespace vit {

#if !defined(VIT_THREADS)

inline void use_threads(int) {}
constexpr int running_threads() { return 1; }
inline void end_threads() {}
constexpr int thread_count() { return 1; }
constexpr int this_thread() { return 0; }

template <typename Body>
void parallel_for(int columns, int rows, const Body& body) {
  for (int column = 0; column < columns; column++) {
    for (int row = 0; row < rows; row++) body(column, row);
  }
}

#else

/// The most threads that share the work.
inline constexpr int kMostThreads = 64;

/// Makes `count` threads share the work, including the calling one. Threads that do not exist yet are
/// started; nothing waits for them, they join when they run. Must not be called within a `parallel_for`.
void use_threads(int count);

/// How many threads are running, including the calling one.
int running_threads();

/// Ends all threads but the calling one, for good.
void end_threads();

/// How many threads share the work. Buffers that each thread needs for itself are made for this many.
int thread_count();

/// Which of them is running, 0 to thread_count() − 1, inside a `parallel_for`.
int this_thread();

/// Calls body(column, row) once for every column in [0, columns) and row in [0, rows), in any order and on
/// any thread, and returns when all calls have. Inside another `parallel_for` it is a plain loop on one
/// thread.
///
/// A thread's share is a band of rows, about the same band in every loop: what it wrote is in its cache when
/// it reads it in the next. It goes through its band column by column.
///
/// Traps when a thread has died in the middle of a pass, ten seconds later.
///
/// Only ever called from one thread at a time. Costs one or two microseconds beyond the calls; a pass that
/// takes five or more is worth sharing.
template <typename Body>
void parallel_for(int columns, int rows, const Body& body);

// What the template needs; the rest is in threads.cpp.
namespace threads {
using Pass = void (*)(const void* body, int column, int row);
bool sharing();
void run(int columns, int rows, Pass pass, const void* body);
}  // namespace threads

template <typename Body>
void parallel_for(int columns, int rows, const Body& body) {
  if (threads::sharing() && columns * rows > 1) {
    const auto pass = [](const void* context, int column, int row) {
      (*static_cast<const Body*>(context))(column, row);
    };
    threads::run(columns, rows, pass, &body);
    return;
  }
  for (int column = 0; column < columns; column++) {
    for (int row = 0; row < rows; row++) body(column, row);
  }
}

#endif

/// The same for body(i), i in [0, count).
template <typename Body>
void parallel_for(int count, const Body& body) {
  parallel_for(1, count, [&body](int, int i) { body(i); });
}

/// The same for body(row), row in [0, rows), where one row is too little work to share: threads take 16 rows
/// at a time, a few microseconds of work.
template <typename Body>
void parallel_for_rows(int rows, const Body& body) {
  constexpr int kBandRows = 16;
  parallel_for(ceil_div(rows, kBandRows), [&body, rows](int band) {
    const int end = std::min((band + 1) * kBandRows, rows);
    for (int row = band * kBandRows; row < end; row++) body(row);
  });
}

}  // namespace vit
