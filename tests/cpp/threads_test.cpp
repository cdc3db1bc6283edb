// Built without threads, `parallel_for` is a loop, and the same has to hold.
#include "../../cpp/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

namespace vit {
namespace {

// How often body(i) was called for each i.
std::vector<int> calls(int count) {
  std::vector<std::atomic<int>> called(static_cast<size_t>(count));
  parallel_for(count, [&](int i) { called[static_cast<size_t>(i)]++; });
  return {called.begin(), called.end()};
}

class ParallelFor : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { use_threads(GetParam()); }
  void TearDown() override { use_threads(1); }
};
// More than there are cores, too; and fewer again after more.
INSTANTIATE_TEST_SUITE_P(Threads, ParallelFor, testing::Values(1, 2, 4, 3));

TEST_P(ParallelFor, CallsEachOnce) {
  for (int count : {0, 1, 2, 3, 1000}) EXPECT_EQ(calls(count), std::vector<int>(count, 1)) << count;
}

TEST_P(ParallelFor, CallsEachColumnAndRowOnce) {
  for (auto [columns, rows] : {std::pair{3, 0}, {0, 3}, {1, 1}, {5, 1}, {1, 7}, {4, 33}, {9, 2}}) {
    std::vector<std::atomic<int>> called(static_cast<size_t>(columns * rows));
    const int stride = columns;
    parallel_for(columns, rows,
                 [&](int column, int row) { called[static_cast<size_t>(row * stride + column)]++; });
    const std::vector<int> counts(called.begin(), called.end());
    EXPECT_EQ(counts, std::vector<int>(static_cast<size_t>(columns * rows), 1)) << columns << " × " << rows;
  }
}

TEST_P(ParallelFor, ReturnsAfterAllCalls) {
  // Plain integers: whatever was written in a call must be seen after the loop, and in the next one.
  std::vector<int> values(64, 0);
  for (int loop = 0; loop < 5000; loop++) {
    parallel_for(64, [&](int i) { values[static_cast<size_t>(i)] += 1; });
    parallel_for(63, [&](int i) { values[static_cast<size_t>(i + 1)] += 1; });
  }
  std::vector<int> expected(64, 10000);
  expected[0] = 5000;
  EXPECT_EQ(values, expected);
}

TEST_P(ParallelFor, IsAPlainLoopInsideAnother) {
  std::vector<int> order[8];
  parallel_for(8, [&](int outer) {
    parallel_for(2, 3, [&](int column, int row) { order[outer].push_back(3 * column + row); });
  });
  for (const auto& inner : order) EXPECT_EQ(inner, (std::vector{0, 1, 2, 3, 4, 5}));
}

TEST_P(ParallelFor, TellsThreadsApart) {
  std::vector<std::atomic<int>> busy(static_cast<size_t>(thread_count()));
  std::atomic<int> clashes = 0;
  parallel_for(5000, [&](int) {
    std::atomic<int>& mine = busy[static_cast<size_t>(this_thread())];
    if (mine++ != 0) clashes++;
    mine--;
  });
  EXPECT_EQ(clashes, 0);
  EXPECT_EQ(this_thread(), 0);
}

TEST_P(ParallelFor, LeavesWorkToThreadsThatSleptMeanwhile) {
  for (int loop = 0; loop < 50; loop++) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(500);
    while (std::chrono::steady_clock::now() < until) continue;  // long enough for the others to fall asleep
    EXPECT_EQ(calls(100), std::vector<int>(100, 1));
  }
}

}  // namespace
}  // namespace vit
