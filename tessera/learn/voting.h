// Several models of any kind answer together: the class that most of them say, or the mean of their probabilities or numbers. Names, defaults and semantics of
// scikit-learn's VotingClassifier and VotingRegressor; Kuncheva, "Combining Pattern Classifiers" (2004).
//
// `estimators` names estimators of estimators.h, separated by commas. The settings of each stand behind its name and two underscores:
// "k_neighbors_classifier__n_neighbors". Of estimators with one name the second is NAME_2, the third NAME_3. `weights`: a number for each, separated by commas;
// "" counts all the same.
//
//   hard   the class with the largest weight of votes, of equals the first. Its decision function: the weights of votes for each class (of two classes
//          those of class 1 less those of class 0). There are no probabilities.
//   soft   the weighted mean of probabilities; every member must have them.
//
// Errors: those of estimator.h and of the members, by their names; a name that is unknown or of another task, weights of another number or all
// 0. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 3, 10, 11, 12, 13}, {8, 1});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 0, 0, 1, 1, 1, 1}, {8});
// learn::VotingClassifier model({.estimators = "gaussian_nb, decision_tree_classifier, linear_svc", .weights = "1, 1, 2"});
// model.fit(x, y);
// assert(model.decision_function(x).to_vector<double>().front() == -4 && model.score(x, y) == 1);
// ```
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

// What both share: members that are named by a setting, and their weights.
class Voters {
 public:
  Voters(Task task, std::string estimators, std::string weights);

  void visit_parameters(std::string_view owner, ParameterVisitor& visitor);
  void learn(std::string_view owner, const Tensor& x, const Tensor& y);
  std::int64_t count() const { return static_cast<std::int64_t>(members_.size()); }
  Estimator& member(std::int64_t number) const {
    return *members_[static_cast<std::size_t>(number)].estimator;
  }
  std::vector<double> weights(std::string_view owner) const;  // one for each member
  bool accepts_missing() const;
  void visit_state(StateVisitor& visitor);
  void check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const;

 private:
  struct Member {
    std::string key;  // its name, with a number where it is not the first of that name
    std::unique_ptr<Estimator> estimator;
  };
  std::vector<Member> made(const std::string& names) const;

  Task task_;
  std::string estimators_, weights_;
  std::vector<Member> members_;
};

class VotingClassifier : public Classifier {
 public:
  enum class Voting : std::uint8_t { kHard, kSoft };
  struct Parameters {
    std::string estimators = "gaussian_nb, k_neighbors_classifier, decision_tree_classifier";
    Voting voting = Voting::kHard;
    std::string weights = {};
  };
  VotingClassifier() : VotingClassifier(Parameters{}) {}
  explicit VotingClassifier(const Parameters& parameters)
      : voters_(Task::kClassification, parameters.estimators, parameters.weights),
        voting_(parameters.voting) {}

  std::string_view name() const override { return "voting_classifier"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  bool accepts_missing() const override { return voters_.accepts_missing(); }
  bool has_probabilities() const override { return voting_ == Voting::kSoft; }
  bool has_decision_function() const override { return voting_ == Voting::kHard; }
  std::int64_t members() const { return voters_.count(); }
  Estimator& member(std::int64_t number) const { return voters_.member(number); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  Tensor decisions(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Voters voters_;
  Voting voting_;
  Tensor present_;  // int64: the classes that rows were of
};

class VotingRegressor : public Regressor {
 public:
  struct Parameters {
    std::string estimators = "k_neighbors_regressor, decision_tree_regressor";
    std::string weights = {};
  };
  VotingRegressor() : VotingRegressor(Parameters{}) {}
  explicit VotingRegressor(const Parameters& parameters)
      : voters_(Task::kRegression, parameters.estimators, parameters.weights) {}

  std::string_view name() const override { return "voting_regressor"; }
  void visit_parameters(ParameterVisitor& visitor) override { voters_.visit_parameters(name(), visitor); }
  bool accepts_missing() const override { return voters_.accepts_missing(); }
  std::int64_t members() const { return voters_.count(); }
  Estimator& member(std::int64_t number) const { return voters_.member(number); }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver*) override { voters_.learn(name(), x, y); }
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override { voters_.visit_state(visitor); }
  void check_learned() const override { voters_.check_restored(name(), features(), classes()); }

 private:
  Voters voters_;
};

}  // namespace tessera::learn
