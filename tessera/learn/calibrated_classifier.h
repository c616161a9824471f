// A classifier whose probabilities mean what they say: of the rows to which it gives 0.8, eight in ten are of the class. Any classifier can be inside, also one that
// knows no probabilities (support vector machines). Niculescu-Mizil and Caruana, "Predicting good probabilities with supervised learning", ICML 2005. Names,
// defaults and semantics of scikit-learn's CalibratedClassifierCV.
//
// The rows are divided into `cv` folds, with the classes in their shares and without shuffling. For each fold a copy learns from the other rows and is asked about
// those of the fold (its decision function, or its probabilities if it has none), which teaches a map from what it says to probabilities: `method`
// "sigmoid" or "isotonic" (calibration_maps.h). With `ensemble` the answer is the mean over the copies, each through its own map; without it,
// one map learns from all folds together and belongs to one copy that learned from all rows. Of more than two classes each has its map, against the rest, and
// the probabilities are divided by their sum.
//
// `estimator` names the classifier; its settings have "estimator__" before them. metrics/calibration.h measures how well calibrated probabilities are.
//
// Errors: those of estimator.h and of the classifier inside; a class with fewer rows than folds. Thread-safety: as estimator.h.
//
// ```cpp
// std::vector<double> x;
// std::vector<std::int64_t> y;
// for (int i = 0; i < 60; ++i) {
//   x.push_back(i % 10);
//   y.push_back(i % 10 + i / 10 > 7 ? 1 : 0);
// }
// learn::CalibratedClassifier model({.estimator = "linear_svc"});
// model.fit(Tensor::from(x, {60, 1}), Tensor::from(y, {60}));
// const std::vector<double> p = model.predict_proba(Tensor::from<double>({0, 9}, {2, 1})).to_vector<double>();
// assert(p[1] < 0.3 && p[3] > 0.7 && model.members() == 5);
// ```
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/learn/calibration_maps.h"
#include "tessera/learn/estimator.h"

namespace tessera::learn {

class CalibratedClassifier : public Classifier {
 public:
  struct Parameters {
    std::string estimator = "linear_svc";
    CalibrationMethod method = CalibrationMethod::kSigmoid;
    std::int64_t cv = 5;
    bool ensemble = true;
  };
  CalibratedClassifier() = default;
  explicit CalibratedClassifier(Parameters parameters) : parameters_(std::move(parameters)) {}

  std::string_view name() const override { return "calibrated_classifier"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return prototype().accepts_missing(); }
  std::int64_t members() const { return static_cast<std::int64_t>(members_.size()); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  struct Member {
    std::unique_ptr<Classifier> classifier;
    CalibrationMaps maps;
  };
  Classifier& prototype() const;
  std::unique_ptr<Classifier> copy_of_prototype() const;
  void make_members();

  Parameters parameters_;
  mutable std::unique_ptr<Classifier> prototype_;  // made when first asked for
  std::vector<Member> members_;
  Tensor present_;  // int64: the classes that rows were of
};

}  // namespace tessera::learn
