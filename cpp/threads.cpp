#include "threads.h"

#if defined(VIT_THREADS)

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

namespace vit {
namespace {

// How often a thread looks for a change before it sleeps: some tens of microseconds. Falling asleep and being
// woken costs about as much, and within a forward pass the next loop begins long before.
constexpr int kLooks = 20'000;

// A thread that traps or is ended from outside never ends its pass. So the caller sleeps in naps, and gives
// up after so many in which no pass ended: ten seconds, where a pass takes milliseconds. Naps are counted
// rather than time, because a computer that was suspended wakes up late for one of them only.
constexpr int64_t kNap = 100'000'000;  // nanoseconds
constexpr int kMostNaps = 100;

// The loop that is being run. Threads that were late for it may still look at these fields while the next one
// is being prepared, so all are atomic; what they may take is decided by the shares alone.
struct Loop {
  alignas(64) std::atomic<int> number{0};
  std::atomic<int> columns{0};
  std::atomic<int> rows{0};
  std::atomic<int> sharers{1};
  std::atomic<threads::Pass> pass{nullptr};
  std::atomic<const void*> body{nullptr};
  // Passes that have not ended. The next loop is prepared only when there are none.
  alignas(64) std::atomic<int> unfinished{0};
  std::atomic<bool> caller_sleeps{false};
};

// A thread's share: the loop's number in the upper 32 bits, how many passes nobody has taken yet in the
// lower. Taking one is a compare-and-exchange of both, which fails for a thread that has seen another loop.
struct Share {
  alignas(64) std::atomic<uint64_t> position{0};
};

Loop loop;
Share shares[kMostThreads];
std::atomic<int> active{1};   // threads that share the work
std::atomic<int> running{1};  // threads that run
std::atomic<int> helpers_asleep{0};
std::atomic<bool> ending{false};
int started = 1;  // threads that run or are about to

thread_local int thread_index = 0;
thread_local bool inside = false;

#if defined(__wasm__)
// For at most so many nanoseconds; for ever when they are negative.
void sleep_while(std::atomic<int>& value, int is, int64_t most = -1) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&value), is, most);
}
void wake_all(std::atomic<int>& value) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&value), UINT32_MAX);
}
#else
// No thread dies alone outside of a browser.
void sleep_while(std::atomic<int>& value, int is, int64_t = -1) { value.wait(is); }
void wake_all(std::atomic<int>& value) { value.notify_all(); }
#endif

int untaken(uint64_t position) { return static_cast<int>(static_cast<uint32_t>(position)); }

int first_row(int rows, int sharers, int share) {
  return static_cast<int>(static_cast<int64_t>(rows) * share / sharers);
}

// Runs what is left of a share, and returns how many passes that were.
int take(int share) {
  std::atomic<uint64_t>& position = shares[share].position;
  int ended = 0;
  uint64_t seen = position;
  while (untaken(seen) > 0) {
    // These belong to the loop that was seen if the exchange succeeds: with a pass untaken it cannot have
    // ended.
    const int columns = loop.columns.load(std::memory_order_relaxed);
    const int rows = loop.rows.load(std::memory_order_relaxed);
    const int sharers = loop.sharers.load(std::memory_order_relaxed);
    const threads::Pass pass = loop.pass.load(std::memory_order_relaxed);
    const void* body = loop.body.load(std::memory_order_relaxed);
    if (!position.compare_exchange_weak(seen, seen - 1)) continue;
    const int first = first_row(rows, sharers, share);
    const int band = first_row(rows, sharers, share + 1) - first;
    const int index = columns * band - untaken(seen);
    pass(body, index / band, first + index % band);
    ended++;
    seen = position;
  }
  return ended;
}

// Runs passes of the present loop, its own share first, until none is left to take.
void take_part() {
  inside = true;
  int ended = 0;
  const int sharers = loop.sharers;
  for (int i = 0; i < sharers; i++) ended += take((thread_index + i) % sharers);
  inside = false;
  if (ended && loop.unfinished.fetch_sub(ended) == ended && loop.caller_sleeps) wake_all(loop.unfinished);
}

void wait_for_the_others() {
  for (int look = 0; look < kLooks; look++) {
    if (loop.unfinished.load(std::memory_order_acquire) == 0) return;
  }
  loop.caller_sleeps = true;
  int naps = 0;
  for (int before = 0; const int unfinished = loop.unfinished; before = unfinished) {
    naps = unfinished == before ? naps + 1 : 0;
    if (naps > kMostNaps) __builtin_trap();
    sleep_while(loop.unfinished, unfinished, kNap);
  }
  loop.caller_sleeps = false;
}

// Returns the number of a loop that is not the one `seen`.
int wait_for_a_loop(int seen) {
  for (int look = 0; look < kLooks; look++) {
    if (const int number = loop.number.load(std::memory_order_acquire); number != seen) return number;
  }
  helpers_asleep++;
  while (loop.number == seen) sleep_while(loop.number, seen);
  helpers_asleep--;
  return loop.number;
}

void begin_next_loop() {
  loop.number++;
  if (helpers_asleep > 0) wake_all(loop.number);
}

void help(int index) {
  thread_index = index;
  running++;
  for (int number = 0; !ending; number = wait_for_a_loop(number)) {
    if (index < active) take_part();
  }
  running--;
  wake_all(running);
}

}  // namespace

void use_threads(int count) {
  active = std::min(count, kMostThreads);
  for (; started < active; started++) std::thread(help, started).detach();
}

int running_threads() { return running; }

void end_threads() {
  active = 1;
  ending = true;
  begin_next_loop();
  while (const int still = running) {
    if (still == 1) return;
    sleep_while(running, still);
  }
}

int thread_count() { return active; }
int this_thread() { return thread_index; }

bool threads::sharing() { return active.load(std::memory_order_relaxed) > 1 && !inside; }

void threads::run(int columns, int rows, Pass pass, const void* body) {
  const int sharers = active;
  loop.columns.store(columns, std::memory_order_relaxed);
  loop.rows.store(rows, std::memory_order_relaxed);
  loop.sharers.store(sharers, std::memory_order_relaxed);
  loop.pass.store(pass, std::memory_order_relaxed);
  loop.body.store(body, std::memory_order_relaxed);
  loop.unfinished = columns * rows;
  const uint64_t number = static_cast<uint32_t>(loop.number.load(std::memory_order_relaxed) + 1);
  for (int share = 0; share < sharers; share++) {
    const int band = first_row(rows, sharers, share + 1) - first_row(rows, sharers, share);
    shares[share].position = number << 32 | static_cast<uint32_t>(columns * band);
  }
  begin_next_loop();
  take_part();
  wait_for_the_others();
}

}  // namespace vit

#endif
