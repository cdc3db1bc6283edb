#include "threads.h"

#if defined(VIT_THREADS)

#include <atomic>
#include <cstdint>
#include <thread>

namespace vit {
namespace {

// How often a thread looks for a change before it sleeps: some tens of microseconds. Falling asleep and being
// woken costs about as much, and within a forward pass the next loop begins long before.
constexpr int kLooks = 20'000;

// A loop that is being run. Threads that were late for it may still look at these fields while the next one
// is being prepared, so all are atomic; what they may take is decided by `position` alone.
struct Loop {
  // The loop's number in the upper 32 bits, how many passes nobody has taken yet in the lower. Taking one is
  // a compare-and-exchange of both: it fails for who has looked at another loop.
  alignas(64) std::atomic<uint64_t> position{0};
  // Passes that have not ended. The next loop is prepared only when there are none.
  alignas(64) std::atomic<int> unfinished{0};
  std::atomic<bool> caller_sleeps{false};

  alignas(64) std::atomic<int> number{0};
  std::atomic<int> helpers_asleep{0};
  std::atomic<int> count{0};
  std::atomic<threads::Pass> pass{nullptr};
  std::atomic<const void*> body{nullptr};
};

Loop loop;
std::atomic<int> active{1};  // threads that share the work
int started = 1;             // threads there are

thread_local int thread_index = 0;
thread_local bool inside = false;

#if defined(__wasm__)
void sleep_while(std::atomic<int>& value, int is) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&value), is, -1);
}
void wake_all(std::atomic<int>& value) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&value), UINT32_MAX);
}
#else
void sleep_while(std::atomic<int>& value, int is) { value.wait(is); }
void wake_all(std::atomic<int>& value) { value.notify_all(); }
#endif

uint32_t untaken(uint64_t position) { return static_cast<uint32_t>(position); }

// Runs passes of the present loop until none is left to take.
void take_part() {
  inside = true;
  int ended = 0;
  uint64_t seen = loop.position.load();
  while (untaken(seen) > 0) {
    // These belong to the loop that was seen if the exchange succeeds: with a pass untaken, it cannot have
    // ended.
    const threads::Pass pass = loop.pass.load(std::memory_order_relaxed);
    const void* body = loop.body.load(std::memory_order_relaxed);
    const int count = loop.count.load(std::memory_order_relaxed);
    if (!loop.position.compare_exchange_weak(seen, seen - 1)) continue;
    pass(body, count - static_cast<int>(untaken(seen)));
    ended++;
    seen = loop.position.load();
  }
  inside = false;
  if (ended && loop.unfinished.fetch_sub(ended) == ended && loop.caller_sleeps) wake_all(loop.unfinished);
}

void wait_for_the_others() {
  for (int look = 0; look < kLooks; look++) {
    if (loop.unfinished.load(std::memory_order_acquire) == 0) return;
  }
  loop.caller_sleeps = true;
  while (const int unfinished = loop.unfinished) sleep_while(loop.unfinished, unfinished);
  loop.caller_sleeps = false;
}

bool work_for(int index) { return index < active && untaken(loop.position) > 0; }

void wait_for_work(int index) {
  for (int look = 0; look < kLooks; look++) {
    if (work_for(index)) return;
  }
  // Read first: whoever begins a loop afterwards changes it, and the sleep does not begin.
  const int number = loop.number;
  if (work_for(index)) return;
  loop.helpers_asleep++;
  sleep_while(loop.number, number);
  loop.helpers_asleep--;
}

void help(int index) {
  thread_index = index;
  for (;;) {
    wait_for_work(index);
    if (work_for(index)) take_part();
  }
}

}  // namespace

void use_threads(int count) {
  active = count;
  for (; started < count; started++) std::thread(help, started).detach();
}

int thread_count() { return active; }
int this_thread() { return thread_index; }

bool threads::sharing(int count) { return count > 1 && active > 1 && !inside; }

void threads::run(int count, Pass pass, const void* body) {
  loop.pass.store(pass, std::memory_order_relaxed);
  loop.body.store(body, std::memory_order_relaxed);
  loop.count.store(count, std::memory_order_relaxed);
  loop.unfinished = count;
  const uint64_t number = static_cast<uint32_t>(++loop.number);
  loop.position = number << 32 | static_cast<uint32_t>(count);
  if (loop.helpers_asleep > 0) wake_all(loop.number);
  take_part();
  wait_for_the_others();
}

}  // namespace vit

#endif
