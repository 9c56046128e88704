"""stub"""
import json
def write(chosen, samples, facts):
    print(json.dumps(facts, default=str, indent=1))
