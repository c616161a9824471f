#!/usr/bin/env python3
"""Notes to codes with the command-line tool: trained, killed, resumed, verified and traced to one seal; codes with their sentences as text, JSON and a
page; nothing of the notes in the record or on the screen.

Usage: clinical_codes.py PROGRAM
"""

import json
import random
import re
import sqlite3
import sys

import journey
from journey import expect, seal_of

WORDS = {"cough": "786.2", "pneumonia": "486", "reflux": "593.70"}
SECRET = "Zyxx"  # somebody's name, in every note
FILLERS = ["The examination was unremarkable.", f"{SECRET} was seen in the morning.", "Further views may help."]


def made_notes(count):
    """Notes of made sentences, and their codes."""
    draw = random.Random(5)
    for _ in range(count):
        found = [word for word in WORDS if draw.random() < 0.5]
        sentences = [draw.choice(FILLERS), *(f"There is {word} on the left." for word in found), FILLERS[1]]
        yield "\n".join(sentences), [WORDS[word] for word in found]


def write_database(path):
    """The notes as two tables of MIMIC-III."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE NOTEEVENTS (ROW_ID INT, SUBJECT_ID INT, HADM_ID INT, CATEGORY TEXT, ISERROR TEXT, TEXT TEXT)")
        database.execute("CREATE TABLE DIAGNOSES_ICD (ROW_ID INT, HADM_ID INT, SEQ_NUM INT, ICD9_CODE TEXT)")
        for number, (text, codes) in enumerate(made_notes(150)):
            database.execute("INSERT INTO NOTEEVENTS VALUES (?, ?, ?, 'Discharge summary', NULL, ?)", (number, number // 2, number, text))
            for order, code in enumerate(codes):
                database.execute("INSERT INTO DIAGNOSES_ICD VALUES (?, ?, ?, ?)",
                                 (10 * number + order, number, order, code.replace(".", "")))
    database.close()


CONFIG = """name = "made"
[data]
format = "mimic-sql"
path = "mimic.sqlite"
[model]
embedding = 12
word_hidden = 8
sentence_hidden = 8
attention = 12
[training]
epochs = 30
batch = 8
learning_rate = 0.02
[record]
checkpoint_every = 20
"""


def check_privacy(tessera, printed):
    expect(SECRET.lower() not in printed.lower(), "a word of the notes was printed")
    for path in (tessera.store / "whole").rglob("*"):
        if path.is_file():
            expect(SECRET.lower().encode() not in path.read_bytes().lower(), f"{path} holds a word of the notes")


def code_notes(tessera, scratch, store):
    note = scratch / "note.txt"
    note.write_text(f"{SECRET} is well.\nThere is reflux on the left.\n")
    predict = ["code", "predict", "whole", note, *store]
    text = tessera.run(*predict).stdout
    expect("* 593.70" in text and "There is reflux on the left" in text, text)
    found = json.loads(tessera.run(*predict, "--format", "json").stdout)
    expect([code["code"] for code in found["codes"] if code["said"]] == ["593.70"], f"other codes: {found}")
    expect(found["specialities"][0]["name"] == "Urology", f"other specialities: {found}")
    page = tessera.run(*predict, "--format", "html").stdout
    expect("<script" not in page and "http" not in page.replace("http-equiv", ""), "the page loads or runs something")
    print("codes, sentences and page as expected")
    quality = tessera.run("code", "evaluate", "whole", *store).stdout
    expect(float(re.search(r"micro F1 +([0-9.]+)", quality)[1]) > 0.95, quality)
    again = tessera.run("code", "evaluate", "whole", scratch / "mimic.sqlite", *store)
    expect(again.stdout == quality and "that were held out" in again.stderr, "the training's notes were evaluated on")
    page = tessera.run("code", "predict", f"{tessera.store}/whole/", note, "--format", "html").stdout
    expect("<code>whole</code>" in page, "a folder with a slash at its end has no name")


def run(program, scratch, _arguments):
    tessera = journey.Tessera(program, scratch / "runs")
    write_database(scratch / "mimic.sqlite")
    config = scratch / "made.toml"
    config.write_text(CONFIG)
    store = ["--store", tessera.store]
    whole = tessera.run("code", "train", config, *store, "--name", "whole")
    seal = seal_of(tessera.store / "whole")
    check_privacy(tessera, whole.stdout + whole.stderr)
    print(f"trained: seal {seal[:12]}, and nothing of the notes in the record")

    killed = journey.kill_in_the_middle(tessera, "killed", "code", "train", config)
    tessera.run("resume", killed, *store, "--quiet", "--threads", "1")
    expect(seal_of(tessera.store / killed) == seal, "the resumed run has another seal")
    print("killed and resumed: the same seal")
    verified = tessera.run("verify", "whole", *store, "--quiet", "--threads", "3")
    expect("identical: " in verified.stdout, verified.stdout)
    tessera.run("trace", "whole", *store, "--from", "3", "--quiet", "--output", scratch / "whole.trace")
    print("verified and traced")
    code_notes(tessera, scratch, store)


if __name__ == "__main__":
    sys.exit(journey.main(run, __doc__))
