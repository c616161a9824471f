"""From a CSV file to a recorded model and its predictions: what `tessera fit` does, as a function."""

import tessera

with open("trees.csv", "w") as file:
    file.write("height,bark,kind\n")
    for row in range(90):
        kind = ["oak", "pine", "birch"][row % 3]
        bark = {"oak": "rough", "pine": "rough", "birch": "white"}[kind] if row % 10 else ""
        file.write(f"{ {'oak': 20, 'pine': 32, 'birch': 15}[kind] + row * 7 % 11},{bark},{kind}\n")

run = tessera.fit("decision_tree_classifier", "trees.csv", target="kind", max_depth=3, evaluate__folds=5)
print("folds   ", " ".join(f"{score:.2f}" for score in run.fold_scores))
print("test    ", f"{run.scores['test_score']:.2f}")
print("verified", tessera.verify(run.folder).message)
print("predicts", *run.predict({"height": [35, 16, 21], "bark": ["rough", "white", None]}))
print("seal    ", run.seal[:16])
