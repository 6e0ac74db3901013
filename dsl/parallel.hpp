// Independent work in several threads, for the passes that a large plan would wait for. What is
// done does not depend on how many there are: tasks share nothing that one of them writes.
#pragma once

#include <cstddef>
#include <functional>

namespace plan {

// Calls task(0) … task(count - 1), each once, in as many threads as there are processors at most;
// in the calling thread alone where `count` is 1. Returns when all are done. Tasks must not throw
// but for lack of memory, which ends the program.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& task);

}  // namespace plan
