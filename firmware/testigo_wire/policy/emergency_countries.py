"""The emergency numbers of single countries, for policies whose numbering names the country.

They are those of the countries of the presets and of the languages of notices, compared with the emergency and short numbers
of libphonenumber. The national numbering plans that ITU-T publishes (E.164, E.129) have the last word: compare a country's
row with its plan before a site there relies on it. Helplines of a country for people in danger are included where a call to them
must leave no trace or must not wait. Some of the numbers hold everywhere as well (emergency.ALWAYS).

A device loads this module while it reads a policy, and then removes it from memory.
"""

# country codes: numbers
_TABLE = """
34: 016 024 061 062 080 085 088 091 092 112
44: 112 18000 999 116123
49: 110 112 116016 116123
1: 911 112 988
33 262 590 594 596 508: 15 17 18 112 114 115 119 191 196 197 3114 3919
39: 112 113 114 115 117 118 1522 1530
351: 112 115 117
376: 110 112 116 118
52: 911 060 065 066 068 080 089
54: 911 100 101 102 103 105 106 107 144
56: 130 131 132 133 134 137 138 911
57: 112 119 123 125 132 144 156 165 911
51: 105 106 115 116 117 911
58: 112 171 911
593: 101 102 112 131 911
591: 110 118 119 911
595: 128 132 141 911
598: 104 105 106 109 128 911
53: 103 104 105 106 107
502: 110 120 122 123 125 128 911
503: 132 911 913
504: 195 198 199 911
505: 115 118 120 128 911
506: 112 911 1022 1128
507: 103 104 911
55: 112 128 180 185 188 190 191 192 193 194 197 198 199 911
240: 112 113 114 115
41: 112 117 118 143 144 1414 1415
43: 112 122 128 133 140 141 142 144 147
32: 100 101 112
352: 112 113
353: 112 999
"""


def codes_of(country_code):
    """-> the country's numbers with a space between them, "" where it has none here. country_code: digits, as "34"."""
    for line in _TABLE.split("\n"):
        countries, _, codes = line.partition(": ")
        if country_code in countries.split(" ") and codes:
            return codes
    return ""
