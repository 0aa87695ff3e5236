// A few steps of training without the driver's files, on any communicator and device: what tests compare. Included by tests only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/train/algorithms/algorithm.h"
#include "bench/train/device_session.h"
#include "bench/train/evaluation.h"
#include "bench/train/settings.h"
#include "bench/train/tasks/make_task.h"

namespace skewbench::train {

/// What a run leaves behind; the same on every rank, except for the vectors, which are those of the local workers.
struct Outcome {
  int first = 0;
  std::vector<std::vector<float>> x, initial;
  std::vector<double> train_loss;  // [worker]
  EvaluationNumbers subset, full;  // empty unless they were asked for
  int64_t test_samples = 0;
  std::vector<int64_t> payload, wire;  // [worker]
  std::string transport;
};

struct Length {
  int steps = 3, steps_per_epoch = 2;
  bool evaluate = true;
};

/// The driver's loop. Collective.
inline Outcome train(const Settings& settings, const CaseData& data, const exchange::Communicator& communicator, Length length = {}) {
  const exchange::Placement placement(settings.workers, communicator.size(), communicator.rank());
  const auto queue = open_device(settings, communicator);
  const Memory memory = queue ? Memory(*queue) : Memory();
  exchange::Meter meter, uncounted;
  StateTable state(placement.first(), placement.last(), memory);
  exchange::Exchange exchange(exchange::make_transport(communicator, memory, settings.options.text("exchange")), placement,
                              settings.topology, meter);
  const auto task = make_task<float>(settings, data.dataset, memory);
  DataFeed feed(data.dataset, data.partition, placement.first(), placement.last(), settings.hyper.seed, settings.augmentation,
                task->changes_images());
  Run<float> run(*task, exchange, state, feed, settings.hyper);
  const auto algorithm = find_algorithm<float>(settings.options.text("algorithm"))(run);
  Evaluator<float> evaluator(run, data.dataset, settings.eval_samples, settings.eval_workers);

  Outcome outcome;
  outcome.first = placement.first();
  outcome.test_samples = data.dataset.test.count;
  outcome.transport = exchange.transport().name();
  const auto vectors = [&] {
    std::vector<std::vector<float>> all(static_cast<std::size_t>(placement.local()),
                                        std::vector<float>(static_cast<std::size_t>(run.layout().size())));
    for (int i = run.first(); i < run.last(); ++i) {
      auto& x = all[static_cast<std::size_t>(i - run.first())];
      memory.download(x.data(), run.x(i), std::ssize(x) * static_cast<int64_t>(sizeof(float)));
    }
    return all;
  };
  outcome.initial = vectors();
  for (int64_t step = 0; step < length.steps; ++step) {
    run.set_step(step, settings.learning_rate.at(static_cast<double>(step) / length.steps_per_epoch));
    algorithm->step(run);
  }
  outcome.x = vectors();
  outcome.train_loss = exchange::all_gather(communicator, placement, uncounted, run.take_losses());
  if (length.evaluate) {
    outcome.subset = evaluator.evaluate(false);
    outcome.full = evaluator.evaluate(true);
  }
  std::vector<exchange::EdgeBytes> sent;
  for (int i = run.first(); i < run.last(); ++i) sent.push_back(meter.ledger.sent_by(i));
  for (const auto& bytes : exchange::all_gather(communicator, placement, uncounted, sent)) {
    outcome.payload.push_back(bytes.payload);
    outcome.wire.push_back(bytes.wire);
  }
  return outcome;
}

}  // namespace skewbench::train
