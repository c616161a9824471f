// What the selftest computes, by class of operation. Shapes are chosen for the places where orders could
// differ: below, at and beyond a vector (8, 16), a chunk of k (256), a reduction block (1,024) and its tree
// (33,000 is 32 blocks and a piece).
#include "tessera/backends/selftest_cases.h"

#include "tessera/backends/selftest_make_cases.h"
#include "tessera/base/error.h"

namespace tessera::selftest {

std::span<const DType> dtypes_of(Op op) {
  switch (op) {
    case Op::kNegate:
    case Op::kAbsolute:
    case Op::kSign:
    case Op::kRelu:
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kMaximum:
    case Op::kMinimum:
    case Op::kIndexAdd:
      return kNumbers;
    case Op::kSum:
    case Op::kSumSquares:
    case Op::kMax:
    case Op::kMin:
    case Op::kArgMax:
      return kAll;
    case Op::kMaxPool2d:
    case Op::kMaxPool2dIndices:
      return std::span<const DType>(kAll).first(5);  // all but bool
    default:
      return kFloating;
  }
}

std::vector<Case> cases_of(Op op) {
  Cases cases(op);
  switch (op_info(op).op_class) {
    case OpClass::kUnary:
      add_unary(cases);
      break;
    case OpClass::kBinary:
      add_binary(cases);
      break;
    case OpClass::kCompare:
      add_compare(cases);
      break;
    case OpClass::kSelect:
      add_select(cases);
      break;
    case OpClass::kCast:
      add_cast(cases);
      break;
    case OpClass::kCreate:
      add_create(cases);
      break;
    case OpClass::kRandom:
      add_random(cases);
      break;
    case OpClass::kView:
      add_view(cases);
      break;
    case OpClass::kMove:
      add_move(cases);
      break;
    case OpClass::kProduct:
      add_product(cases);
      break;
    case OpClass::kWindow:
      add_window(cases);
      break;
    case OpClass::kReduce:
      add_reduction(cases);
      break;
    case OpClass::kIndex:
      add_indexing(cases);
      break;
    case OpClass::kNormalize:
      add_normalization(cases);
      break;
    case OpClass::kOptimizer:
      add_optimizer(cases);
      break;
    case OpClass::kRecurrent:
      add_recurrent(cases);
      break;
    case OpClass::kFinish:
      add_finish(cases);
      break;
  }
  auto result = cases.take();
  TESSERA_CHECK(!result.empty(), "the selftest has no case for {}", op_info(op).name);
  return result;
}

}  // namespace tessera::selftest
