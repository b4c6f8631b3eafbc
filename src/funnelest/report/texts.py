"""The fixed texts of the page, in every language."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BASES", "TEXTS"]

#: What a number can rest on.
BASES = ("estimated", "partly imputed", "imputed", "partly assumed", "assumed")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "passed": "Convergence gate passed",
        "failed": "Convergence gate failed",
        "failed long": "The draws may not represent the posterior. No number on this page may be "
                       "used as an estimate.",
        "engine": "Engine: {engine}; {measures}; seed {seed}; model {hash}.",
        "summary": "Summary",
        "first": "An estimated {number} {unit} enter the route at \u201c{step}\u201d{where}.",
        "end": "An estimated {number} reach \u201c{step}\u201d: {share} of those at "
               "\u201c{first}\u201d.",
        "loss": "Of those who reach \u201c{step}\u201d, {share} go no further on this route.",
        "intervals": "In brackets: {interval} around the posterior median. These are expected "
                     "numbers: chance variation of the counts is not in the intervals.",
        "partly": "Of the number at \u201c{step}\u201d, {share} is imputed: no source sees these "
                  "people, their rate comes from an assumption.",
        "wholly": "All of it is imputed: no source sees these people, their rate comes from an "
                  "assumption.",
        "figures in": "{sources} sources with {figures} figures went in; {far} of the figures lie "
                      "more than two standard deviations from what the fitted route expects.",
        "ledger count": "{stated} entries of the ledger of assumptions are stated by the makers of "
                        "the model, {defaults} are defaults.",
        "figure": "The route",
        "alt": "Route with {steps} steps. {numbers}. The tables below hold the same numbers.",
        "steps": "Steps",
        "steps caption": "Expected number of {unit}{where}: posterior median, {interval}, and the "
                         "same of the prior",
        "transitions": "Transitions",
        "transitions caption": "Share of those who reach a step who go directly to the next"
                               "{where}: posterior median, {interval}, and the same of the prior",
        "linked": "People on linked registers, and on none of them",
        "linked caption": "People who are known (counted, or estimated where links are wrong), "
                          "hidden (on none of the lists) and both together: posterior median, "
                          "{interval}",
        "stratum": "Stratum", "people": "People", "all": "all", "known": "known",
        "hidden": "hidden", "total": "together", "counted": "counted",
        "all lists together do not interact": "all lists together do not interact",
        "the lists are independent": "the lists are independent",
        "given": "Figures given and expected",
        "given caption": "Every figure that went in, beside what the fitted route expects of it "
                         "(posterior median, {interval}); the residual is in standard deviations",
        "in words": "Assumptions in words", "because": "Stated reason:",
        "ledger": "Ledger of assumptions",
        "ledger caption": "Everything that was assumed, with statement and source",
        "none": "No figures went in: this is the prior.",
        "imputed part": "{step}, of which imputed",
        "step": "Step", "from": "From", "to": "To", "skip": "skips a step", "median": "Median",
        "interval": "{p}% interval", "prior median": "Prior median",
        "prior interval": "Prior {p}% interval", "basis": "Basis", "source": "Source",
        "figure given": "Figure given", "expected": "Expected", "residual": "Residual",
        "cases per record": "True cases per record", "registered share": "True cases registered",
        "read as": "The number at the step is", "not used": "not used",
        "registers caption": "What the registers are estimated to hold: true cases per record, and "
                             "the share of the true cases that is registered (posterior median, "
                             "{interval})",
        "about": "About", "kind": "Kind", "value": "What is assumed", "statement": "Statement",
        "stated": "Stated or default", "yes": "stated", "no": "default",
        "estimated": "estimated", "partly imputed": "partly imputed", "imputed": "imputed",
        "partly assumed": "partly assumed", "assumed": "assumed: no source sees it",
        "prior": "prior", "fixed": "fixed", "assumption": "assumption", "default": "default",
        "to say": "to", "made": "Made with funnelest {version}.", "section where": ", {where}",
    },
    "nl": {
        "passed": "Convergentietoets gehaald",
        "failed": "Convergentietoets niet gehaald",
        "failed long": "De trekkingen geven de posterior mogelijk niet weer. Geen getal op deze "
                       "pagina mag als schatting worden gebruikt.",
        "engine": "Rekenmethode: {engine}; {measures}; startgetal {seed}; model {hash}.",
        "summary": "Samenvatting",
        "first": "Naar schatting {number} {unit} komen de route binnen bij "
                 "\u201c{step}\u201d{where}.",
        "end": "Naar schatting {number} bereiken \u201c{step}\u201d: {share} van wie "
               "\u201c{first}\u201d bereikt.",
        "loss": "Van wie \u201c{step}\u201d bereikt, gaat {share} op deze route niet verder.",
        "intervals": "Tussen haakjes: {interval} rond de mediaan van de posterior. Dit zijn "
                     "verwachte aantallen: toeval in de tellingen zit niet in de intervallen.",
        "partly": "Van het aantal bij \u201c{step}\u201d is {share} imputed (bijgeschat): geen "
                  "bron ziet deze mensen, hun aandeel volgt uit een aanname.",
        "wholly": "Alles is imputed (bijgeschat): geen bron ziet deze mensen, hun aandeel volgt "
                  "uit een aanname.",
        "figures in": "{sources} bronnen met {figures} cijfers zijn gebruikt; {far} van de "
                      "cijfers liggen meer dan twee standaardafwijkingen van wat de geschatte "
                      "route verwacht.",
        "ledger count": "{stated} regels in het register van aannamen zijn opgegeven door de "
                        "makers van het model, {defaults} zijn standaardkeuzen.",
        "figure": "De route",
        "alt": "Route met {steps} stappen. {numbers}. De tabellen hieronder bevatten dezelfde "
               "getallen.",
        "steps": "Stappen",
        "steps caption": "Verwacht aantal {unit}{where}: mediaan van de posterior, {interval}, "
                         "en hetzelfde voor de prior",
        "transitions": "Overgangen",
        "transitions caption": "Deel van wie een stap bereikt dat direct naar de volgende gaat"
                               "{where}: mediaan van de posterior, {interval}, en hetzelfde voor "
                               "de prior",
        "linked": "Personen op gekoppelde registers, en op geen ervan",
        "linked caption": "Personen die bekend zijn (geteld, of geschat waar koppelingen fout "
                          "zijn), verborgen (op geen van de lijsten) en beide samen: mediaan van "
                          "de posterior, {interval}",
        "stratum": "Stratum", "people": "Personen", "all": "alle", "known": "bekend",
        "hidden": "verborgen", "total": "samen", "counted": "geteld",
        "all lists together do not interact": "geen interactie van alle lijsten samen",
        "the lists are independent": "de lijsten zijn onafhankelijk",
        "given": "Cijfers: opgegeven en verwacht",
        "given caption": "Elk gebruikt cijfer, naast wat de geschatte route ervan verwacht "
                         "(mediaan van de posterior, {interval}); het residu is in "
                         "standaardafwijkingen",
        "in words": "Aannamen in woorden", "because": "Opgegeven reden:",
        "ledger": "Register van aannamen",
        "ledger caption": "Alles wat is aangenomen, met toelichting en bron",
        "none": "Er zijn geen cijfers gebruikt: dit is de prior.",
        "imputed part": "{step}, waarvan imputed (bijgeschat)",
        "step": "Stap", "from": "Van", "to": "Naar", "skip": "slaat een stap over",
        "median": "Mediaan", "interval": "{p}%-interval", "prior median": "Mediaan prior",
        "prior interval": "{p}%-interval prior", "basis": "Grondslag", "source": "Bron",
        "figure given": "Opgegeven cijfer", "expected": "Verwacht", "residual": "Residu",
        "cases per record": "Echte gevallen per registratie",
        "registered share": "Echte gevallen geregistreerd",
        "read as": "Het aantal bij de stap is", "not used": "niet gebruikt",
        "registers caption": "Wat de registers naar schatting bevatten: echte gevallen per "
                             "registratie, en het deel van de echte gevallen dat geregistreerd is "
                             "(mediaan van de posterior, {interval})",
        "about": "Over", "kind": "Soort", "value": "Wat is aangenomen",
        "statement": "Toelichting", "stated": "Opgegeven of standaard", "yes": "opgegeven",
        "no": "standaard", "estimated": "geschat",
        "partly imputed": "deels imputed (bijgeschat)", "imputed": "imputed (bijgeschat)",
        "partly assumed": "deels aangenomen", "assumed": "aangenomen: geen bron ziet het",
        "prior": "prior", "fixed": "vast", "assumption": "aanname", "default": "standaard",
        "to say": "tot", "made": "Gemaakt met funnelest {version}.", "section where": ", {where}",
    },
}  # fmt: skip
